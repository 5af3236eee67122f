"""S3 on a bad day: a proxy before a real server that answers 500 now and then, before or after it was done."""

import random
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import httpx

# Of one connection each, or said anew.
HOP = {"connection", "content-length", "expect", "keep-alive", "transfer-encoding"}
FAILURE = (
    b'<?xml version="1.0" encoding="UTF-8"?><Error><Code>InternalError</Code><Message>We encountered an internal error.'
    b" Please try again.</Message></Error>"
)


class FlakyS3:
    """`url` of the proxy; `failed` counts the requests that got 500, by method.

    `lost`: the answer to the next request that begins with this, as in "POST /bucket/key?uploadId=", is lost once.
    While `gate` is not set whatever is sent waits at it, and `held` says how many do.
    """

    def __init__(self, endpoint: str, *, share: float, seed: int) -> None:
        self.share = share
        self.failed: Counter[str] = Counter()
        self.gate = threading.Event()
        self.gate.set()
        self.held = 0
        self.lost = ""
        self._dice = random.Random(seed)
        self._client = httpx.Client(base_url=endpoint, timeout=60)
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self.url = f"http://127.0.0.1:{self._server.server_port}"

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        flaky = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def answer(self) -> None:
                body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
                if self.command == "PUT" and not flaky.gate.is_set():
                    flaky.held += 1
                    flaky.gate.wait(60)
                fate = flaky._dice.random()
                status, headers, content = 500, httpx.Headers({"content-type": "application/xml"}), FAILURE
                # Half of the failures come after the work was done.
                if fate >= flaky.share / 2:
                    asked = [(name, value) for name, value in self.headers.items() if name.lower() not in HOP]
                    answer = flaky._client.request(self.command, self.path, content=body, headers=asked)
                    if flaky.lost and f"{self.command} {self.path}".startswith(flaky.lost):
                        flaky.lost = ""
                    elif fate >= flaky.share:
                        status, headers, content = answer.status_code, answer.headers, answer.content
                if status == 500:
                    flaky.failed[self.command] += 1
                self.send_response_only(status)
                for name, value in headers.items():
                    if name not in HOP:
                        self.send_header(name, value)
                # The length of what HEAD would have sent is what a client asks it for.
                length = headers.get("content-length", "0") if self.command == "HEAD" else str(len(content))
                self.send_header("Content-Length", length)
                self.end_headers()
                if self.command != "HEAD":
                    self.wfile.write(content)

            do_GET = do_HEAD = do_PUT = do_POST = do_DELETE = answer

            def log_message(self, format: str, *args: object) -> None:
                pass

        return Handler


@contextmanager
def flaky_s3(endpoint: str, *, share: float = 0.1, seed: int = 1) -> Iterator[FlakyS3]:
    """A proxy before ENDPOINT by which that share of requests is answered 500."""
    proxy = FlakyS3(endpoint, share=share, seed=seed)
    thread = threading.Thread(target=proxy._server.serve_forever, daemon=True)
    thread.start()
    try:
        yield proxy
    finally:
        proxy._server.shutdown()
        proxy._server.server_close()
        thread.join()
        proxy._client.close()
