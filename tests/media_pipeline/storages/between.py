"""An HTTP proxy before an S3 server: it fails now and then, is away for a while, or holds one request.

Requests pass unchanged, Host and all, so signatures stay good.
"""

import http.client
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import urlsplit

DROPPED = {"connection", "keep-alive", "transfer-encoding", "expect"}
INTERNAL = b"<Error><Code>InternalError</Code><Message>We encountered an internal error.</Message></Error>"
HELD_SECONDS = 120
Headers = list[tuple[str, str]]


class Between:
    """What happens to requests. `endpoint` is where to send them."""

    def __init__(self, target: str) -> None:
        self.endpoint = ""
        self.target = urlsplit(target).netloc
        # One in so many is answered 500: in turns before it arrives, and after (so that its answer is lost).
        self.fails_every = 0
        self.failed = 0
        self.is_away = False
        # Whether to hold a request, by its method and its path with the query; before it arrives, or its answer.
        self.holds: Callable[[str, str], bool] | None = None
        self.holds_answer = False
        self.is_holding = threading.Event()
        self.let_go = threading.Event()
        self.count = 0
        self._lock = threading.Lock()

    def hold(self, which: Callable[[str, str], bool], *, answer: bool) -> None:
        self.is_holding.clear()
        self.let_go.clear()
        self.holds, self.holds_answer = which, answer

    def fate(self) -> str:
        with self._lock:
            self.count += 1
            if not self.fails_every or self.count % self.fails_every:
                return "passes"
            self.failed += 1
            return "is lost" if self.failed % 2 else "loses its answer"

    def wait(self, method: str, path: str, *, answer: bool) -> None:
        if self.holds is None or answer is not self.holds_answer or not self.holds(method, path):
            return
        self.holds = None
        self.is_holding.set()
        self.let_go.wait(HELD_SECONDS)

    def forward(
        self, method: str, path: str, headers: list[tuple[str, str]], body: bytes
    ) -> tuple[int, list[tuple[str, str]], bytes]:
        connection = http.client.HTTPConnection(self.target, timeout=60)
        try:
            connection.putrequest(method, path, skip_host=True, skip_accept_encoding=True)
            for name, value in headers:
                connection.putheader(name, value)
            connection.endheaders(body or None)
            answer = connection.getresponse()
            return answer.status, answer.getheaders(), answer.read()
        finally:
            connection.close()


def _handler(between: Between) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def handle_one_request(self) -> None:
            self.raw_requestline = self.rfile.readline(65_537)
            if not self.raw_requestline or not self.parse_request() or between.is_away:
                self.close_connection = True
                return
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            fate = between.fate()
            if fate == "is lost":
                self.answer(500, [], INTERNAL)
                return
            between.wait(self.command, self.path, answer=False)
            headers = [(name, value) for name, value in self.headers.items() if name.lower() not in DROPPED]
            status, found, content = between.forward(self.command, self.path, headers, body)
            between.wait(self.command, self.path, answer=True)
            if fate == "loses its answer":
                self.answer(500, [], INTERNAL)
            else:
                self.answer(status, found, content)

        def answer(self, status: int, headers: Headers, content: bytes) -> None:
            self.send_response_only(status)
            length = None
            for name, value in headers:
                if name.lower() == "content-length":
                    length = value
                elif name.lower() not in DROPPED:
                    self.send_header(name, value)
            is_head = self.command == "HEAD"
            self.send_header("Content-Length", length if is_head and length else str(0 if is_head else len(content)))
            self.end_headers()
            if not is_head:
                self.wfile.write(content)

    return Handler


@contextmanager
def between(target: str) -> Iterator[Between]:
    """A proxy before TARGET, an endpoint."""
    made = Between(target)
    server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(made))
    made.endpoint = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield made
    finally:
        made.let_go.set()
        server.shutdown()
        server.server_close()
        thread.join()
