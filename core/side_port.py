"""METRICS_PORT: `/metrics` and `/healthz` of the processes that serve no HTTP otherwise, from a thread of their own."""

import logging
import threading
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import orjson
from django.conf import settings

from core import api, metrics
from core.exposition import CONTENT_TYPE, problem_body, refusal

log = logging.getLogger(__name__)

# What keeps the process from its work, in words; "" when it works.
Trouble = Callable[[], str]


def open_side_port(trouble: Trouble = str) -> ThreadingHTTPServer | None:
    """Answers there until the process ends; None without METRICS_PORT, or when somebody else listens there."""
    if not settings.METRICS_PORT:
        return None
    try:
        server = _Server((settings.LISTEN_ADDRESS, settings.METRICS_PORT), _Handler)
    except OSError as error:
        # Numbers that nobody can read are no reason to stop working.
        log.error("metrics_port_unavailable port=%d error=%s", settings.METRICS_PORT, error.strerror)
        return None
    server.trouble = trouble
    threading.Thread(target=server.serve_forever, name="side-port", daemon=True).start()
    return server


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    trouble: Trouble


class _Handler(BaseHTTPRequestHandler):
    server: _Server
    # A client that is slower than this is no monitor.
    timeout = 10.0

    def do_GET(self) -> None:
        path = self.path.partition("?")[0]
        if path == "/healthz":
            trouble = self.server.trouble()
            body = {"status": "unavailable", "error": trouble} if trouble else {"status": "ok"}
            self._answer(503 if trouble else 200, "application/json", orjson.dumps(body))
        elif path == "/metrics":
            refused = refusal(
                peer=self.client_address[0],
                authorization=self.headers.get("Authorization", ""),
                forwarded="X-Forwarded-For" in self.headers or "Forwarded" in self.headers,
            )
            if refused is not None:
                self._answer(refused, api.PROBLEM_TYPE, problem_body(refused))
            else:
                self._answer(200, CONTENT_TYPE, metrics.own_text())
        else:
            missing = api.problem(404, "Here are /metrics and /healthz.", code="not_found")
            self._answer(404, api.PROBLEM_TYPE, orjson.dumps(missing))

    do_HEAD = do_GET

    def _answer(self, status: int, content_type: str, content: bytes) -> None:
        self.send_response(status)
        self.send_header("Content-Type", content_type)
        self.send_header("Content-Length", str(len(content)))
        self.send_header("Cache-Control", "no-store")
        if status == 401:
            self.send_header("WWW-Authenticate", 'Bearer realm="metrics"')
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(content)

    def log_message(self, format: str, *args: object) -> None:
        """A monitor's requests are no events."""
