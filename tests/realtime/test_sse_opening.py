"""`/api/events/` as HTTP: limits, CORS, other methods, its end."""

import asyncio
from typing import Any

import pytest
from django.test import Client
from pytest_django import Settings

from core.asgi import application
from realtime.channels import Identity, everyone, only_that_person, register_namespace
from realtime.hub import Hub
from tests.realtime.conftest import Sockets, Streams


@pytest.fixture(autouse=True)
def channels_of_the_tests(namespaces: dict[str, object], people: dict[str, Identity]) -> None:
    register_namespace("news", authorize=everyone, description="Public")
    register_namespace("inbox", authorize=only_that_person, description="One's own", server_side=True)
    people["token-1"] = Identity(1, "session-1", 4e9)


async def test_it_is_neither_stored_nor_held_back(streams: Streams) -> None:
    reader = await streams.open("news")
    assert reader.headers["cache-control"] == "no-store"
    assert reader.headers["x-accel-buffering"] == "no"
    assert "content-length" not in reader.headers


async def test_head_says_whether_a_stream_would_be_granted(hub: Hub, streams: Streams) -> None:
    granted = await streams.begin("news", method="HEAD").opened()
    assert granted.status == 200 and granted.headers["content-type"] == "text/event-stream"
    await granted.ended()
    assert granted.body == b"" and not hub.connections
    assert (await streams.begin("inbox:1", method="HEAD").opened()).status == 401


async def test_options_names_the_methods(streams: Streams) -> None:
    answer = await streams.begin("news", method="OPTIONS").opened()
    assert answer.status == 200 and answer.headers["allow"] == "GET, HEAD, OPTIONS"


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE"])
async def test_other_methods_are_refused(streams: Streams, method: str) -> None:
    refused = await streams.begin("news", method=method).opened()
    assert refused.status == 405 and refused.headers["allow"] == "GET, HEAD, OPTIONS"


async def test_who_takes_no_event_stream_is_told_so(streams: Streams) -> None:
    refused = await streams.begin("news", headers=[(b"accept", b"image/png")]).opened()
    assert refused.status == 406
    assert (await refused.problem())["code"] == "not_acceptable"


async def test_a_listed_origin_may_read_and_send_its_headers(streams: Streams, settings: Settings) -> None:
    settings.CORS_ALLOWED_ORIGINS = ["https://app.example"]
    page = [(b"origin", b"https://app.example")]
    reader = await streams.begin("news", headers=page).opened()
    assert reader.headers["access-control-allow-origin"] == "https://app.example"
    refused = await streams.begin("weather", headers=page).opened()
    assert refused.headers["access-control-allow-origin"] == "https://app.example"
    asking = [*page, (b"access-control-request-method", b"GET")]
    asking += [(b"access-control-request-headers", b"authorization,last-event-id")]
    preflight = await streams.begin("news", method="OPTIONS", headers=asking).opened()
    assert {"authorization", "last-event-id"} <= set(preflight.headers["access-control-allow-headers"].split(", "))


async def test_another_origin_is_told_nothing_that_a_browser_would_show_it(streams: Streams) -> None:
    reader = await streams.begin("news", headers=[(b"origin", b"https://evil.example")]).opened()
    assert "access-control-allow-origin" not in reader.headers


async def test_a_host_that_is_not_served_here_is_refused(hub: Hub, streams: Streams) -> None:
    refused = await streams.begin("news", host="evil.example").opened()
    assert refused.status == 400 and not hub.connections


async def test_an_address_has_so_many_connections_of_both_kinds(
    hub: Hub, sockets: Sockets, streams: Streams, settings: Settings
) -> None:
    settings.SOCKETS_PER_ADDRESS = 2
    await sockets.open()
    first = await streams.open("news")
    refused = await streams.begin("news").opened()
    assert refused.status == 429 and int(refused.headers["retry-after"]) > 0
    assert (await refused.problem())["code"] == "connection_limit"
    assert (await streams.begin("news", client="192.0.2.7").opened()).status == 200
    await first.leave()
    await streams.open("news")
    assert sum(hub.sockets_of_address.values()) == len(hub.connections) == 3


async def test_a_person_has_so_many_connections_of_both_kinds(
    hub: Hub, sockets: Sockets, streams: Streams, settings: Settings
) -> None:
    settings.SOCKETS_PER_USER = 2
    await sockets.open(token="token-1")
    first = await streams.open("news", token="token-1")
    refused = await streams.begin("news", token="token-1").opened()
    assert refused.status == 429 and "x-accel-buffering" not in refused.headers
    assert hub.sockets_of_user == {1: 2} and len(hub.connections) == 2
    await first.leave()
    await streams.open("news", token="token-1")


async def test_a_stream_has_so_many_channels_each_counted_once(streams: Streams, settings: Settings) -> None:
    settings.CHANNELS_PER_SOCKET = 1
    await streams.open("news", "news")
    refused = await streams.begin("news", "inbox:1", token="token-1").opened()
    assert refused.status == 400
    assert (await refused.problem())["errors"] == {"channel": ["At most 1 channels a stream."]}
    # The inbox that is heard for the sake of rights is none of them.
    await streams.open("news", token="token-1")


async def test_the_hub_that_stops_says_so_and_ends_the_answer(hub: Hub, streams: Streams) -> None:
    reader = await streams.open("news")
    await hub.stop()
    (end,) = await reader.ended()
    assert (end.name, end.data) == ("end", {"code": 3001, "reason": "shutdown"})
    assert reader.task.exception() is None


async def test_a_cancelled_stream_says_goodbye(hub: Hub, streams: Streams) -> None:
    reader = await streams.open("news")
    reader.task.cancel()
    (end,) = await reader.ended()
    assert end.data["code"] == 3001
    with pytest.raises(asyncio.CancelledError):
        await reader.task
    assert not hub.connections


async def test_a_client_that_breaks_the_connection_costs_nothing(hub: Hub, streams: Streams) -> None:
    async def breaking(scope: Any, receive: Any, send: Any) -> None:
        async def broken(message: Any) -> None:
            if message["type"] == "http.response.body":
                raise OSError("gone")
            await send(message)

        await application(scope, receive, broken)

    reader = await streams.begin("news", app=breaking).opened()
    assert await reader.ended() == []
    assert reader.task.exception() is None and not hub.connections


def test_outside_of_asgi_the_address_answers_without_a_stream(db: None, client: Client) -> None:
    answer = client.get("/api/events/?channel=news")
    assert answer.status_code == 200 and answer.content == b""
