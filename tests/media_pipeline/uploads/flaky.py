"""A network that fails: an HTTP proxy that loses some requests on their way there, and some answers on their way."""

import itertools
import random
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import httpx

HOP = {"connection", "transfer-encoding", "keep-alive"}


@contextmanager
def flaky(url: str, *, share: float, seed: int = 1, only: str = "", puts: int | None = None) -> Iterator[str]:
    """The address of a proxy in front of URL by which that share of requests fails, half of them before they arrive.

    With ONLY, none but those whose path begins so. After so many PUTS the next is never answered.
    """
    left, over = itertools.count(puts if puts is not None else -1, -1), threading.Event()
    dice = random.Random(seed)
    client = httpx.Client(base_url=url, timeout=30)

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def handle_one_request(self) -> None:
            self.raw_requestline = self.rfile.readline(65_537)
            if not self.raw_requestline or not self.parse_request():
                self.close_connection = True
                return
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            if self.command == "PUT" and next(left) == 0:
                over.wait()
                self.close_connection = True
                return
            fate = dice.random() if self.path.startswith(only) else 1.0
            if fate < share / 2:
                self.close_connection = True
                return
            headers = [(name, value) for name, value in self.headers.items() if name.lower() not in HOP]
            answer = client.request(self.command, self.path, content=body, headers=headers)
            if fate < share:
                self.close_connection = True
                return
            self.send_response_only(answer.status_code)
            for name, value in answer.headers.items():
                if name.lower() not in HOP:
                    self.send_header(name, value)
            if answer.status_code != 204 and "content-length" not in answer.headers:
                self.send_header("Content-Length", str(len(answer.content)))
            self.end_headers()
            self.wfile.write(b"" if self.command == "HEAD" else answer.content)

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        over.set()
        server.shutdown()
        server.server_close()
        thread.join()
        client.close()
