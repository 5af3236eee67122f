"""`/metrics`: who may read it, and that what a web process does is counted there."""

import threading
from typing import Any

import pytest
from pytest_django import Settings

from core import limits, metrics, threads
from core.asgi import application
from tests.core.exchange import Exchange, exchange, until
from tests.numbers import numbers_in

pytestmark = [pytest.mark.usefixtures("small_pool"), pytest.mark.django_db(transaction=True)]
LOCAL = ["127.0.0.1", 50_000]


class FromHere(Exchange):
    """A request from this host."""

    def __init__(self, app: Any, path: str, **kwargs: Any) -> None:
        async def local(scope: Any, receive: Any, send: Any) -> None:
            await app({**scope, "client": LOCAL}, receive, send)

        super().__init__(local, path, **kwargs)


async def read(**kwargs: Any) -> Exchange:
    return await FromHere(application, "/metrics", **kwargs).finish()


async def samples() -> dict[str, float]:
    answer = await read()
    assert answer.status == 200
    return numbers_in(answer.content.decode())


async def test_this_host_may_read_the_numbers() -> None:
    answer = await read()
    assert answer.status == 200
    assert answer.headers["content-type"].startswith("text/plain; version=0.0.4")
    assert answer.headers["cache-control"] == "no-store"
    assert (await read(method="HEAD")).content == b""


async def test_nobody_else_may_without_a_token() -> None:
    answer = await exchange(application, "/metrics")
    assert answer.status == 403 and "METRICS_TOKEN" in answer.json["detail"]


@pytest.mark.parametrize("header", ["X-Forwarded-For", "Forwarded"])
async def test_this_hosts_proxy_does_not_count_as_this_host(header: str) -> None:
    assert (await read(headers={header: "127.0.0.1"})).status == 403


@pytest.mark.parametrize("sent", ["", "Bearer ", "Bearer wrong", "Basic the-token", "the-token", "Bearer é"])
async def test_with_a_token_only_who_sends_it_may(settings: Settings, sent: str) -> None:
    settings.METRICS_TOKEN = "the-token"
    refused = await read(headers={"Authorization": sent})
    assert refused.status == 401 and refused.headers["www-authenticate"].startswith("Bearer")
    headers = {"Authorization": "Bearer the-token", "X-Forwarded-For": "192.0.2.7"}
    assert (await exchange(application, "/metrics", headers=headers)).status == 200


async def test_requests_are_counted_by_route_method_and_status() -> None:
    ok = 'simmer_requests_total{method="GET",route="recipe-list",status="200"}'
    missing = 'simmer_requests_total{method="GET",route="none",status="404"}'
    seconds = 'simmer_request_seconds_count{method="GET",route="recipe-list"}'
    before = await samples()
    for _ in range(3):
        await exchange(application, "/api/recipes/")
    for number in range(2):
        await exchange(application, f"/made/up/{number}/")
    after = await samples()
    assert [after[name] - before.get(name, 0) for name in (ok, seconds, missing)] == [3, 3, 2]


async def test_what_clients_make_up_makes_no_series() -> None:
    await samples()  # of which the second look tells
    before = len(await samples())
    for number in range(20):
        await exchange(application, f"/made/up/{number}/", method=f"M{number}")
    assert len(await samples()) <= before + 2 + len(metrics.BUCKETS) + 2  # one counter, one histogram


async def test_an_event_stream_has_no_duration() -> None:
    stream = Exchange(application, "/api/events/", query="channel=recipes")
    await until(lambda: stream.sent)
    assert (await samples())['simmer_sockets{kind="stream"}'] == 1
    stream.disconnect()
    await stream.finish()
    found = await samples()
    assert found['simmer_requests_total{method="GET",route="events",status="200"}'] >= 1
    assert 'simmer_request_seconds_count{method="GET",route="events"}' not in found
    assert found['simmer_sockets{kind="stream"}'] == 0


async def test_the_numbers_are_there_when_every_thread_is_taken() -> None:
    gate = threading.Event()
    held = [threads.pool().submit(gate.wait, 20) for _ in range(4)]
    try:
        found = await samples()
    finally:
        gate.set()
    assert found["simmer_web_work"] == found["simmer_web_work_max"] == 4
    assert found["simmer_shared_up"] == 0
    assert "simmer_relay_lag_seconds" not in found
    for future in held:
        await future


async def test_without_its_shared_numbers_a_process_still_tells_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    assert (await samples())["simmer_shared_up"] == 1

    def away(registry: Any) -> bytes:
        if registry is metrics._shared:
            raise ConnectionError("the database is away")
        return b""

    monkeypatch.setattr(metrics, "generate_latest", away)
    assert metrics.shared_text() == b""
    monkeypatch.undo()
    assert metrics.shared_up._value.get() == 0


async def test_limits_without_redis_are_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    assert (await samples())["simmer_limits_local"] == 0
    monkeypatch.setattr(limits, "_local_until", float("inf"))
    assert (await samples())["simmer_limits_local"] == 1
