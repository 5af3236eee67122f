"""Sentry, when SENTRY_DSN is set: whatever any process logs as an error, and what ends one.

Nothing about people leaves: no bodies, headers, cookies, arguments or local variables; and each text that does go
passes `scrub`. What an error says of its request is the request's id, by which the log has the rest.
"""

import logging
from typing import Any

import sentry_sdk
from celery import signals
from django.conf import settings
from sentry_sdk.integrations.atexit import AtexitIntegration
from sentry_sdk.integrations.dedupe import DedupeIntegration
from sentry_sdk.integrations.excepthook import ExcepthookIntegration
from sentry_sdk.integrations.logging import LoggingIntegration
from sentry_sdk.integrations.threading import ThreadingIntegration

from core.logs import request_id
from core.scrubbing import scrub

# How long the end of a process may wait for what is still to be sent.
FLUSH_SECONDS = 2.0


def start() -> None:
    """Begins to report, once in each process; nothing without a DSN."""
    if not settings.SENTRY_DSN:
        return
    sentry_sdk.init(
        dsn=settings.SENTRY_DSN,
        # Those that it would find by itself read requests, arguments of tasks and SQL.
        default_integrations=False,
        auto_enabling_integrations=False,
        integrations=[
            LoggingIntegration(level=None, event_level=logging.ERROR, sentry_logs_level=None),
            ExcepthookIntegration(),
            ThreadingIntegration(),
            DedupeIntegration(),
            AtexitIntegration(callback=lambda pending, timeout: None),
        ],
        before_send=_without_secrets,
        send_default_pii=False,
        include_local_variables=False,
        max_request_body_size="never",
        max_breadcrumbs=0,
        send_client_reports=False,
        auto_session_tracking=False,
        shutdown_timeout=FLUSH_SECONDS,
    )
    signals.worker_process_shutdown.connect(_flush)


def _flush(**kwargs: Any) -> None:
    """A process of a worker's pool leaves by os._exit, which asks nobody."""
    sentry_sdk.flush(FLUSH_SECONDS)


# Parts of an event that hold no text of ours, or none that a secret could be in.
_KEPT = {
    *("event_id", "timestamp", "level", "logger", "platform", "sdk", "modules"),
    *("release", "environment", "server_name", "tags"),
}


def _without_secrets(event: Any, hint: Any) -> Any:
    """What was logged and the exceptions, scrubbed; nothing that another part of the library may have added."""
    sent = {name: value for name, value in event.items() if name in _KEPT}
    if "logentry" in event:
        entry = event["logentry"]
        sent["logentry"] = {"message": scrub(str(entry.get("formatted") or entry.get("message") or ""))}
    if "exception" in event:
        sent["exception"] = _scrubbed(event["exception"])
    if request := request_id.get():
        sent["tags"] = {**(sent.get("tags") or {}), "request": request}
    return sent


def _scrubbed(value: Any) -> Any:
    if isinstance(value, str):
        return scrub(value)
    if isinstance(value, dict):
        return {key: _scrubbed(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_scrubbed(item) for item in value]
    return value
