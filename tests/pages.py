"""A real web server for what fetches pages: each path does what its test says. The fixtures `pages` and `names`."""

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from core import fetching

HTML = "text/html; charset=utf-8"


class Pages:
    """`pages["/x"] = answer` calls answer(handler) for it; `asked` has (path, headers) of each request."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, dict[str, str]]] = []
        self.answers: dict[str, Callable[[Any], None]] = {}
        # Set at the end: what waits for it, or drips until then, ends.
        self.ended = threading.Event()
        pages = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:
                pages.asked.append((self.path, {name.lower(): value for name, value in self.headers.items()}))
                self.close_connection = True
                with suppress(OSError):  # the client had enough
                    pages.answers[self.path](self)

            def log_message(self, *args: Any) -> None: ...

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        # A client that hangs up in the handshake is no error here.
        self.server.handle_error = lambda *args: None  # type: ignore[method-assign]

    def __setitem__(self, path: str, answer: Callable[[Any], None]) -> None:
        self.answers[path] = answer

    @property
    def port(self) -> int:
        return int(self.server.server_address[1])

    def url(self, path: str = "/", *, host: str = "127.0.0.1", scheme: str = "http") -> str:
        return f"{scheme}://{host}:{self.port}{path}"

    @contextmanager
    def running(self) -> Iterator["Pages"]:
        thread = threading.Thread(target=self.server.serve_forever, args=(0.05,), daemon=True)
        thread.start()
        try:
            yield self
        finally:
            self.ended.set()
            self.server.shutdown()
            self.server.server_close()
            thread.join()


def says(body: bytes | str, content_type: str = HTML, *, status: int = 200, **headers: str) -> Callable[[Any], None]:
    """Answers BODY; in HEADERS, Content_Encoding is Content-Encoding."""
    data = body.encode() if isinstance(body, str) else body

    def answer(handler: Any) -> None:
        handler.send_response(status)
        sent = {"Content-Type": content_type, "Content-Length": str(len(data))}
        sent.update({name.replace("_", "-"): value for name, value in headers.items()})
        for name, value in sent.items():
            handler.send_header(name, value)
        handler.end_headers()
        handler.wfile.write(data)

    return answer


def leads_to(url: str, status: int = 302) -> Callable[[Any], None]:
    return says("", status=status, Location=url)


really_allowed, really_found = fetching.is_allowed, socket.getaddrinfo


@pytest.fixture
def pages(monkeypatch: pytest.MonkeyPatch) -> Iterator[Pages]:
    """A server that is taken for a public one; everything else is as it is."""
    with Pages().running() as pages:

        def is_allowed(address: str, port: int) -> bool:
            return (address, port) == ("127.0.0.1", pages.port) or really_allowed(address, port)

        monkeypatch.setattr(fetching, "is_allowed", is_allowed)
        yield pages


@pytest.fixture
def names(monkeypatch: pytest.MonkeyPatch) -> dict[str, list[list[str]]]:
    """names["food.example"] = what it resolves to the first time, the second time, ..."""
    known: dict[str, list[list[str]]] = {}

    def getaddrinfo(host: str, port: int, *args: Any, **kwargs: Any) -> Any:
        if host not in known:
            return really_found(host, port, *args, **kwargs)
        return [found for address in known[host].pop(0) for found in really_found(address, port, *args, **kwargs)]

    monkeypatch.setattr(socket, "getaddrinfo", getaddrinfo)
    return known
