"""Errors of the web server, the relay and a worker reach Sentry, and nothing about people goes along."""

import gzip
import json
import threading
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from celery import Celery

from tests.live.people import Person
from tests.stack import Stack, wait_until


class Sentry:
    """Takes envelopes, as the real one does at /api/<project>/envelope/."""

    def __init__(self) -> None:
        self.events: list[dict[str, Any]] = []
        self.bodies: list[str] = []
        sentry = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                if self.headers.get("Content-Encoding") == "gzip":
                    body = gzip.decompress(body)
                sentry.take(self.path, body.decode())
                self.send_response(200)
                self.send_header("Content-Length", "2")
                self.end_headers()
                self.wfile.write(b"{}")

            def log_message(self, format: str, *args: object) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.dsn = f"http://public@127.0.0.1:{self.server.server_port}/7"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def take(self, path: str, body: str) -> None:
        assert path == "/api/7/envelope/"
        self.bodies.append(body)
        _, *items = body.splitlines()
        for header, payload in zip(items[::2], items[1::2], strict=True):
            if json.loads(header)["type"] == "event":
                self.events.append(json.loads(payload))

    def event(self, logger: str) -> dict[str, Any]:
        """The first that this logger has sent, once it is there."""
        found: dict[str, Any] = wait_until(
            lambda: next((event for event in self.events if event.get("logger") == logger), None),
            what=f"an error of {logger}",
        )
        return found

    def close(self) -> None:
        self.server.shutdown()
        self.server.server_close()


@pytest.fixture
def sentry(stack: Stack) -> Iterator[Sentry]:
    """What the stack's processes report to, all of which are started anew for it."""
    server = Sentry()
    stack.env["SENTRY_DSN"] = server.dsn
    try:
        for name in tuple(stack.processes):
            stack.kill(name)
        stack.ensure_running()
        yield server
    finally:
        del stack.env["SENTRY_DSN"]
        for name in tuple(stack.processes):
            stack.kill(name)
        server.close()


@contextmanager
def missing(stack: Stack, table: str) -> Iterator[None]:
    stack.query(f"ALTER TABLE {table} RENAME TO {table}_away")
    try:
        yield
    finally:
        stack.query(f"ALTER TABLE {table}_away RENAME TO {table}")


def test_errors_of_every_process_are_reported_and_nothing_about_people(stack: Stack, sentry: Sentry) -> None:
    person = Person(stack, role="seller")
    with missing(stack, "recipes_tag"):
        failed = person.rest.get(
            "/api/tags/", params={"q": "ann@example.org"}, headers={"X-Forwarded-For": "198.51.100.7", "Cookie": "a=b"}
        )
    assert failed.status_code == 500
    of_web = sentry.event("django.request")
    assert of_web["exception"]["values"][-1]["type"] == "ProgrammingError"
    assert of_web["tags"]["request"] == failed.headers["x-request-id"]

    job = str(uuid.uuid4())
    stack.query(
        "INSERT INTO realtime_job (id, task, queue, args, state, attempts, sent, error, enqueue_at, created_at) VALUES"
        " (%s, 'accounts.end_premium', 'default', '{\"user_id\": \"ten\"}', 'queued', 4, 0, '', now(), now())",
        job,
    )
    of_job = sentry.event("realtime.jobs")
    assert job in of_job["logentry"]["message"] and "expected a number but got 'ten'" in of_job["logentry"]["message"]
    # A task of beat's, whose errors are Celery's to tell, with all that they say.
    with Celery(broker=stack.env["REDIS_URL"], set_as_current=False) as app:
        app.send_task("realtime.trim_streams", kwargs={"bob@example.org": 1}, queue="default")
    of_task = sentry.event("celery.app.trace")
    assert "unexpected keyword argument" in of_task["exception"]["values"][-1]["value"]

    stack.query(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND pid <>"
        " pg_backend_pid() AND pid IN (SELECT pid FROM pg_locks WHERE locktype = 'advisory')"
    )
    of_relay = sentry.event("realtime.management.commands.relay")
    assert "relay.failed" in of_relay["logentry"]["message"]
    stack.processes.pop("relay").wait(20)

    everything = "\n".join(sentry.bodies)
    for private in (person.access, person.username, "@example", "198.51.100.7", "a=b", "Authorization", '"vars"'):
        assert private not in everything
    stack.query("DELETE FROM realtime_job WHERE id = %s", job)


def test_without_a_dsn_nothing_is_reported() -> None:
    import sentry_sdk

    assert not sentry_sdk.is_initialized()
