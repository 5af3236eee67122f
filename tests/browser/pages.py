"""The pages of `examples/` as a reader has them: on a web server of their own, with what they take from a CDN."""

import json
import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from playwright.async_api import BrowserContext, Route

from tests.services import ROOT

MODULES = ROOT / "tests" / "node" / "node_modules"
CDN = re.compile(r"https://cdn\.jsdelivr\.net/npm/(?P<name>(?:@[^/]+/)?[^@/]+)@(?P<version>[^/]+)/(?P<path>.+)")
TYPES = {"mjs": "text/javascript", "js": "text/javascript", "css": "text/css"}


class _Quiet(SimpleHTTPRequestHandler):
    def log_message(self, format: str, *args: Any) -> None:
        pass


@contextmanager
def served_examples() -> Iterator[str]:
    """The origin at which `examples/` is served."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(_Quiet, directory=ROOT / "examples"))
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


async def bring_packages(context: BrowserContext) -> None:
    """Answers for the CDN with the packages of tests/node, of the very version that a page asks for."""

    async def answer(route: Route) -> None:
        wanted = CDN.fullmatch(route.request.url)
        assert wanted is not None, route.request.url
        folder = MODULES / wanted["name"]
        installed = json.loads((folder / "package.json").read_text())["version"]
        assert installed == wanted["version"], f"a page asks for another {wanted['name']} than tests/node has"
        content_type = TYPES[wanted["path"].rpartition(".")[2]]
        headers = {"Access-Control-Allow-Origin": "*"}
        await route.fulfill(path=folder / wanted["path"], content_type=content_type, headers=headers)

    await context.route("https://cdn.jsdelivr.net/**", answer)
