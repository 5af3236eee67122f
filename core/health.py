"""`/healthz` (the process answers) and `/readyz` (what it needs is there), as ASGI applications outside Django's chain.

Probes name a host by its address, which ALLOWED_HOSTS refuses, and an overloaded server is not a dead one: so neither
goes through the handler, and `/healthz` not even through the pool.
"""

import logging
from collections.abc import Callable, Collection, Mapping
from functools import cache
from typing import Any
from urllib.parse import parse_qs

import orjson
import redis
from django.conf import settings
from django.db import connection
from django.db.migrations.executor import MigrationExecutor

from core import threads
from core.errors import DomainError, Unavailable
from core.handler import Receive, Scope, Send

log = logging.getLogger(__name__)

# Returns what to show; raises errors.Unavailable with what is wrong. Runs in a pool thread at each /readyz.
Check = Callable[[], Mapping[str, Any]]
_checks: dict[str, Check] = {}
_migrated = False


def register_check(name: str, check: Check) -> None:
    """Adds a part to /readyz, from an `AppConfig.ready()`."""
    _checks[name] = check


async def healthz(scope: Scope, receive: Receive, send: Send) -> None:
    """200 as long as the process turns its loop."""
    await _answer(send, 200, {"status": "ok"}, head=scope["method"] == "HEAD")


async def readyz(scope: Scope, receive: Receive, send: Send) -> None:
    """200 when every check passes, else 503; the body names each check.

    `?exclude=redis&exclude=relay` leaves some out: a balancer must not take out every host for what all of them miss
    and can do without for a while.
    """
    excluded = parse_qs(scope.get("query_string", b"").decode("latin-1")).get("exclude", [])
    try:
        results = await threads.run(run_checks, excluded)
    except Unavailable as error:
        results = {"threads": {"ok": False, "error": error.detail}}
    ready = all(result["ok"] for result in results.values())
    body = {"status": "ok" if ready else "unavailable", "checks": results}
    await _answer(send, 200 if ready else 503, body, head=scope["method"] == "HEAD")


def run_checks(excluded: Collection[str] = ()) -> dict[str, dict[str, Any]]:
    """{name: {"ok": bool, ...}} of all checks but those EXCLUDED.

    An error is named by its class: its text may hold a password.
    """
    results: dict[str, dict[str, Any]] = {}
    for name, check in {"database": _database, "migrations": _migrations, "redis": _redis, **_checks}.items():
        if name in excluded:
            continue
        try:
            results[name] = {"ok": True, **check()}
        except DomainError as error:
            results[name] = {"ok": False, "error": error.detail}
        except Exception as error:
            log.warning("check_failed check=%s error=%s", name, type(error).__name__)
            results[name] = {"ok": False, "error": type(error).__name__}
    return results


def _database() -> Mapping[str, Any]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")
    return {}


def _migrations() -> Mapping[str, Any]:
    """Asked until they are all applied, then never again: a migrated database does not go back."""
    global _migrated
    if not _migrated:
        executor = MigrationExecutor(connection)
        if waiting := executor.migration_plan(executor.loader.graph.leaf_nodes()):
            raise Unavailable(f"{len(waiting)} migrations are not applied: run `manage.py migrate`.")
        _migrated = True
    return {}


def _redis() -> Mapping[str, Any]:
    """Every Redis there is: that of the bus, of the broker and of the throttles may be three."""
    silent = {url: uses for url, uses in _redis_servers().items() if not _answers(url)}
    if silent:
        raise Unavailable(f"Redis does not answer: {'; '.join(silent.values())}.")
    return {}


def _redis_servers() -> dict[str, str]:
    """{URL: what it is used for}."""
    urls = [("bus", url) for url in settings.BUS_REDIS_URLS]
    urls += [("broker", settings.CELERY_BROKER_URL), ("throttles", settings.THROTTLE_REDIS_URL)]
    servers: dict[str, str] = {}
    for use, url in urls:
        if url.startswith(("redis", "unix")):  # Celery knows other brokers
            servers[url] = f"{servers[url]}, {use}" if url in servers else use
    return servers


def _answers(url: str) -> bool:
    try:
        return bool(_redis_client(url).ping())
    except redis.RedisError as error:
        log.warning("redis_silent uses=%s error=%s", _redis_servers().get(url), type(error).__name__)
        return False


@cache
def _redis_client(url: str) -> redis.Redis:
    return redis.Redis.from_url(url, socket_timeout=1, socket_connect_timeout=1)


async def _answer(send: Send, status: int, body: Mapping[str, Any], *, head: bool) -> None:
    content = orjson.dumps(body)
    headers = [
        (b"content-type", b"application/json"),
        (b"content-length", str(len(content)).encode()),
        (b"cache-control", b"no-store"),
    ]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": b"" if head else content})
