"""Which part answers which address: `core.asgi`."""

import asyncio
import threading
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone
from pytest_django import Settings

from core import health, threads
from core.asgi import application
from core.errors import Unavailable
from core.health import register_check
from realtime.models import StreamEvent
from tests.core.exchange import Exchange, exchange, until


async def test_an_address_of_the_api_that_nobody_knows_is_a_problem(small_pool: None) -> None:
    answer = await exchange(application, "/api/nothing/here/")
    assert answer.status == 404 and answer.headers["content-type"] == "application/problem+json"


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        ("/static/admin/css/base.css", "text/css"),
        ("/static/core/docs.js", "text/javascript"),
        ("/static/drf_spectacular_sidecar/swagger-ui-dist/swagger-ui-bundle.js", "text/javascript"),
    ],
)
async def test_static_files_are_served(small_pool: None, path: str, kind: str) -> None:
    answer = await exchange(application, path)
    assert answer.status == 200 and answer.headers["content-type"].startswith(kind)
    assert len(answer.content) == int(answer.headers["content-length"])
    assert answer.headers["x-content-type-options"] == "nosniff"
    again = await exchange(application, path, headers={"If-None-Match": answer.headers["etag"]})
    assert again.status == 304 and again.content == b""


async def test_a_static_file_that_is_not_there_is_a_problem(small_pool: None) -> None:
    for path in ("/static/nothing.js", "/static/../core/settings.py", "/static/%2e%2e/manage.py"):
        answer = await exchange(application, path)
        assert answer.status == 404 and answer.json["code"] == "not_found"


async def test_static_files_take_no_other_method(small_pool: None) -> None:
    assert (await exchange(application, "/static/core/docs.js", method="POST")).status == 405


async def test_a_mount_is_not_part_of_the_address(small_pool: None) -> None:
    assert (await exchange(application, "/healthz", root_path="/simmer")).status == 200


async def test_a_socket_at_an_unknown_address_is_refused_in_the_handshake() -> None:
    sent: list[dict[str, Any]] = []

    async def receive() -> dict[str, Any]:
        return {"type": "websocket.connect"}

    async def send(message: Any) -> None:
        sent.append(message)

    await application({"type": "websocket", "path": "/nothing/", "headers": []}, receive, send)  # type: ignore[arg-type]
    assert sent == [{"type": "websocket.close", "code": 4404}]


async def test_lifespan_is_refused_as_the_protocol_provides() -> None:
    with pytest.raises(ValueError, match="lifespan"):
        await application({"type": "lifespan"}, None, None)  # type: ignore[arg-type]


# --- probes ---


@pytest.fixture(autouse=True)
def forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(health, "_checks", dict(health._checks))
    monkeypatch.setattr(health, "_migrated", False)


async def test_the_process_is_alive_whatever_host_is_named() -> None:
    answer = await exchange(application, "/healthz", headers={"Host": "10.1.2.3"})
    assert answer.status == 200 and answer.json == {"status": "ok"}
    assert (await exchange(application, "/healthz", method="HEAD")).content == b""


@pytest.mark.django_db(transaction=True)
async def test_ready_when_every_part_is_there(small_pool: None) -> None:
    health._checks.clear()
    register_check("oven", lambda: {"degrees": 180})
    answer = await exchange(application, "/readyz")
    assert answer.status == 200 and answer.json["status"] == "ok"
    assert answer.json["checks"] == {
        "database": {"ok": True},
        "migrations": {"ok": True},
        "redis": {"ok": True},
        "oven": {"ok": True, "degrees": 180},
    }


@pytest.mark.django_db(transaction=True)
async def test_not_ready_when_one_part_is_not(small_pool: None) -> None:
    def cold() -> dict[str, Any]:
        raise Unavailable("The oven is cold.")

    def broken() -> dict[str, Any]:
        raise RuntimeError("password=secret")

    register_check("oven", cold)
    register_check("fridge", broken)
    answer = await exchange(application, "/readyz")
    assert answer.status == 503 and answer.json["status"] == "unavailable"
    assert answer.json["checks"]["oven"] == {"ok": False, "error": "The oven is cold."}
    assert answer.json["checks"]["fridge"] == {"ok": False, "error": "RuntimeError"}
    assert answer.json["checks"]["database"] == {"ok": True}


@pytest.mark.django_db(transaction=True)
async def test_not_ready_before_the_migrations(small_pool: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(health.MigrationExecutor, "migration_plan", lambda self, targets: [object()])
    answer = await exchange(application, "/readyz")
    assert answer.status == 503
    assert "manage.py migrate" in answer.json["checks"]["migrations"]["error"]
    monkeypatch.undo()
    assert (await exchange(application, "/readyz")).json["checks"]["migrations"] == {"ok": True}


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(
    ("setting", "value", "named"),
    [
        ("BUS_REDIS_URLS", ["redis://127.0.0.1:1/0", "redis://127.0.0.1:1/1"], "bus; bus"),
        ("CELERY_BROKER_URL", "redis://127.0.0.1:1/0", "broker"),
        ("THROTTLE_REDIS_URL", "redis://:secret@127.0.0.1:1/0", "throttles"),
    ],
)
async def test_not_ready_while_any_redis_is_silent(
    small_pool: None, settings: Settings, setting: str, value: object, named: str
) -> None:
    setattr(settings, setting, value)
    answer = await exchange(application, "/readyz")
    assert answer.status == 503
    assert answer.json["checks"]["redis"] == {"ok": False, "error": f"Redis does not answer: {named}."}


@pytest.mark.django_db(transaction=True)
async def test_a_balancer_leaves_out_what_all_hosts_share(small_pool: None, settings: Settings) -> None:
    settings.THROTTLE_REDIS_URL = "redis://127.0.0.1:1/0"
    answer = await exchange(application, "/readyz", query="exclude=redis&exclude=relay")
    assert answer.status == 200
    assert answer.json["checks"].keys() == {"database", "migrations"}


async def test_not_ready_when_the_threads_are_all_taken(small_pool: None) -> None:
    gate = threading.Event()
    held = [asyncio.ensure_future(threads.run(gate.wait, 20)) for _ in range(4)]
    await asyncio.sleep(0)
    answer = await exchange(application, "/readyz")
    gate.set()
    await asyncio.gather(*held)
    assert answer.status == 503 and answer.json["checks"]["threads"]["ok"] is False


@pytest.mark.django_db(transaction=True)
async def test_not_ready_while_events_wait_for_a_relay(small_pool: None) -> None:
    def record(age: timedelta) -> None:
        StreamEvent.objects.all().delete()
        StreamEvent.objects.create(channel="recipes", type="recipe.published", data={})
        StreamEvent.objects.update(created_at=timezone.now() - age)

    await threads.run(record, timedelta(seconds=5))
    answer = await exchange(application, "/readyz")
    assert answer.json["checks"]["relay"]["ok"] and answer.json["checks"]["relay"]["lag_seconds"] >= 5
    await threads.run(record, timedelta(minutes=5))
    answer = await exchange(application, "/readyz")
    assert answer.status == 503 and "manage.py relay" in answer.json["checks"]["relay"]["error"]


async def test_a_static_file_holds_no_thread_while_its_client_reads(small_pool: None) -> None:
    path = "/static/drf_spectacular_sidecar/swagger-ui-dist/swagger-ui-bundle.js"
    slow = [Exchange(application, path) for _ in range(4)]
    for going in slow:
        going.reading.clear()
    # Two threads and two places in the queue: were they held, this would not be served.
    await until(lambda: all(going.inbox.empty() for going in slow) and threads.pool()._unfinished == 0)
    assert (await exchange(application, "/static/core/docs.js")).status == 200
    for going in slow:
        going.reading.set()
        assert len((await going.finish()).content) > 1_000_000


async def test_a_part_of_a_static_file_may_be_asked_for(small_pool: None) -> None:
    whole = await exchange(application, "/static/core/docs.js")
    part = await exchange(application, "/static/core/docs.js", headers={"Range": "bytes=10-19"})
    assert part.status == 206 and part.content == whole.content[10:20]
