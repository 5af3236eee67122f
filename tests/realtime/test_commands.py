"""Every command and every refusal of the socket."""

import asyncio
import threading
import time
from collections.abc import Collection
from typing import Any

import pytest
from pytest_django import Settings

from realtime import consumers
from realtime.channels import Identity, TokenExpired, everyone, only_that_person, register_namespace
from realtime.connections import EXPIRED_SECONDS
from realtime.hub import Hub
from realtime.pings import PING_FRAME
from tests.realtime.conftest import Sockets
from tests.realtime.sockets import Closed
from tests.realtime.streams import announce, store


def person(user_id: int = 1, *, seconds: float = 900) -> Identity:
    return Identity(user_id=user_id, session_id=f"session-{user_id}", expires_at=time.time() + seconds)


@pytest.fixture(autouse=True)
def channels_of_the_tests(namespaces: dict[str, object]) -> None:
    register_namespace("news", authorize=everyone, description="Public news")
    register_namespace("inbox", authorize=only_that_person, description="One's own", server_side=True)


async def test_an_anonymous_connection_gets_no_lifetime(sockets: Sockets) -> None:
    socket = await sockets.raw()
    reply = await socket.command("connect")
    assert reply["connect"].pop("client")
    assert reply["connect"] == {"version": "1", "ping": 25, "pong": True}


async def test_a_signed_in_connection_is_subscribed_to_its_own_channels(
    sockets: Sockets, people: dict[str, Identity]
) -> None:
    people["token"] = person(7)
    socket = await sockets.raw()
    connect = (await socket.command("connect", token="token"))["connect"]
    assert connect["expires"] and 890 <= connect["ttl"] <= 900
    assert connect["subs"]["inbox:7"]["offset"] == 0
    await announce(*await store("inbox:7", 1))
    push = await socket.push()
    assert push["channel"] == "inbox:7" and push["pub"]["offset"] == 1


async def test_a_signed_in_connection_recovers_its_own_channels(sockets: Sockets, people: dict[str, Identity]) -> None:
    people["token"] = person(7)
    first = await sockets.raw()
    subs = (await first.command("connect", token="token"))["connect"]["subs"]
    await store("inbox:7", 2)
    again = await sockets.raw()
    since = {"recover": True, "epoch": subs["inbox:7"]["epoch"], "offset": 1}
    subs = (await again.command("connect", token="token", subs={"inbox:7": since}))["connect"]["subs"]
    assert subs["inbox:7"]["recovered"] and [pub["offset"] for pub in subs["inbox:7"]["publications"]] == [2]


async def test_a_token_that_no_one_gave_ends_the_connection_for_good(
    sockets: Sockets, people: dict[str, Identity]
) -> None:
    socket = await sockets.raw()
    with pytest.raises(Closed) as closed:
        await socket.command("connect", token="forged")
    assert closed.value.code == 3500


async def test_an_expired_token_asks_the_client_to_refresh(
    sockets: Sockets, people: dict[str, Identity], monkeypatch: pytest.MonkeyPatch
) -> None:
    def expired(token: str) -> Identity:
        raise TokenExpired

    monkeypatch.setattr("realtime.identifying.verify_token", expired)
    socket = await sockets.raw()
    reply = await socket.command("connect", token="old")
    assert reply["error"] == {"code": 109, "message": "token expired"}
    # The connection is as it was: a fresh token, or none, may follow.
    assert "connect" in await socket.command("connect")


async def test_a_refresh_extends_the_connection(sockets: Sockets, people: dict[str, Identity]) -> None:
    people["token"] = person(7, seconds=60)
    people["fresh"] = person(7, seconds=900)
    socket = await sockets.open(token="token")
    refresh = (await socket.command("refresh", token="fresh"))["refresh"]
    assert refresh["expires"] and refresh["ttl"] > 800


async def test_a_token_may_be_refreshed_for_some_seconds_after_it_has_expired(
    hub: Hub, sockets: Sockets, people: dict[str, Identity]
) -> None:
    people["token"] = person(7, seconds=-3)
    people["fresh"] = person(7, seconds=900)
    socket = await sockets.open(token="token")
    (connection,) = hub.connections
    connection.tick(time.time(), PING_FRAME)
    socket.send("{}")
    assert (await socket.command("refresh", token="fresh"))["refresh"]["ttl"] > 800
    connection.tick(time.time() + EXPIRED_SECONDS, PING_FRAME)
    assert (await socket.command("ping"))["ping"] == {}


async def test_another_persons_token_does_not_refresh_a_connection(
    sockets: Sockets, people: dict[str, Identity]
) -> None:
    people["token"], people["other"] = person(7), person(8)
    socket = await sockets.open(token="token")
    with pytest.raises(Closed) as closed:
        await socket.command("refresh", token="other")
    assert closed.value.code == 3500


@pytest.mark.parametrize(
    ("command", "code"),
    [
        ({"subscribe": {"channel": "nothing:1"}}, 102),
        ({"subscribe": {"channel": "news:"}}, 102),
        ({"subscribe": {"channel": "n" * 65}}, 102),
        ({"subscribe": {"channel": "inbox:9"}}, 101),
        ({"subscribe": {"channel": "news:1"}}, 103),
        ({"subscribe": {"channel": 5}}, 107),
        ({"subscribe": {}}, 107),
        ({"subscribe": {"channel": "news", "recover": True, "offset": "3"}}, 107),
        ({"subscribe": {"channel": "news", "recover": True, "offset": -1}}, 107),
        ({"unsubscribe": {}}, 107),
        ({"refresh": {"token": ""}}, 107),
        ({"publish": {"channel": "news", "data": {}}}, 108),
        ({"rpc": {"method": "x"}}, 108),
        ({"presence": {"channel": "news"}}, 108),
        ({"teleport": {}}, 104),
    ],
)
async def test_a_refused_command_is_answered_with_its_code_and_the_connection_goes_on(
    sockets: Sockets, command: dict[str, Any], code: int
) -> None:
    socket = await sockets.open()
    ((method, params),) = command.items()
    reply = await socket.command(method, **params)
    assert reply["error"]["code"] == code
    assert (await socket.command("ping"))["ping"] == {}


@pytest.mark.parametrize(
    "frame",
    [
        "this is no JSON",
        "",
        "[]",
        '"connect"',
        '{"id":1}',
        '{"id":1,"connect":{},"subscribe":{}}',
        '{"id":-1,"connect":{}}',
        '{"id":4294967296,"connect":{}}',
        '{"id":true,"connect":{}}',
        '{"connect":{}}',
        '{"id":1,"connect":[]}',
        '{"id":1,"subscribe":{"channel":"news"}}',
        '{"send":{"data":{}}}',
        "[" * 50_000,
        b"\x00\x01",
    ],
)
async def test_a_frame_that_is_not_of_the_protocol_closes_this_socket_and_no_other(
    sockets: Sockets, frame: str | bytes
) -> None:
    other = await sockets.open()
    await other.subscribe("news")
    socket = await sockets.raw()
    socket.send(frame)
    closed = await socket.closed()
    assert closed.code == 3501 and closed.reason
    await announce(*await store("news", 1))
    assert await other.offsets(1) == [1]


async def test_a_second_connect_is_a_bad_request(sockets: Sockets) -> None:
    socket = await sockets.open()
    with pytest.raises(Closed) as closed:
        await socket.command("connect")
    assert closed.value.code == 3501


async def test_subscribing_twice_is_refused_and_changes_nothing(sockets: Sockets) -> None:
    socket = await sockets.open()
    await socket.subscribe("news")
    assert (await socket.command("subscribe", channel="news"))["error"]["code"] == 105
    await announce(*await store("news", 1))
    assert await socket.offsets(1) == [1]


async def test_nothing_comes_after_an_unsubscribe(hub: Hub, sockets: Sockets) -> None:
    socket, other = await sockets.open(), await sockets.open()
    await socket.subscribe("news")
    await other.subscribe("news")
    assert (await socket.command("unsubscribe", channel="news"))["unsubscribe"] == {}
    await announce(*await store("news", 1))
    await other.offsets(1)
    await socket.command("ping")
    assert not socket.pushes
    # One who comes back is served again.
    assert (await socket.subscribe("news"))["offset"] == 1
    await announce(*await store("news", 1))
    assert await socket.offsets(1) == [2]


async def test_the_last_reader_takes_the_topic_along(hub: Hub, sockets: Sockets) -> None:
    socket = await sockets.open()
    await socket.subscribe("news")
    await socket.leave()
    assert hub.topics == {} and hub.connections == set()
    again = await sockets.open()
    await again.subscribe("news")
    await announce(*await store("news", 1))
    assert await again.offsets(1) == [1]
    sockets.remove(socket)


async def test_commands_in_one_frame_run_in_their_order(sockets: Sockets) -> None:
    socket = await sockets.raw()
    socket.send('{"id":1,"connect":{}}\n{"id":2,"subscribe":{"channel":"news"}}\n\n{"id":3,"ping":{}}')
    while len(socket.replies) < 3:
        await socket._read()
    assert list(socket.replies) == [1, 2, 3]


@pytest.mark.parametrize(
    ("origin", "allowed"),
    [
        (None, True),
        (b"https://app.example", True),
        (b"http://testserver", True),
        (b"https://evil.example", False),
        (b"null", False),
        (b"http://[", False),
    ],
)
async def test_pages_of_other_origins_open_no_socket(
    sockets: Sockets, settings: Settings, origin: bytes | None, allowed: bool
) -> None:
    settings.CORS_ALLOWED_ORIGINS = ["https://app.example"]
    headers = [(b"host", b"testserver"), *([(b"origin", origin)] if origin else [])]
    if allowed:
        assert await sockets.raw(headers=headers)
    else:
        with pytest.raises(Closed):
            await sockets.raw(headers=headers)


async def test_a_socket_that_never_connects_is_closed(sockets: Sockets, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(consumers, "CONNECT_SECONDS", 0.01)
    socket = await sockets.raw()
    assert (await socket.closed()).code == 3502


async def test_one_person_has_a_limited_number_of_sockets(
    sockets: Sockets, people: dict[str, Identity], settings: Settings
) -> None:
    settings.SOCKETS_PER_USER = 2
    people["token"], people["other"] = person(7), person(8)
    first = await sockets.open(token="token")
    await sockets.open(token="token")
    third = await sockets.raw()
    with pytest.raises(Closed) as closed:
        await third.command("connect", token="token")
    assert closed.value.code == 3504
    await sockets.open(token="other")
    await first.leave()
    sockets.remove(first)
    await sockets.open(token="token")


async def test_one_address_has_a_limited_number_of_sockets(sockets: Sockets, settings: Settings) -> None:
    settings.SOCKETS_PER_ADDRESS = 1
    await sockets.open()
    second = await sockets.raw()
    assert (await second.closed()).code == 3504
    assert await sockets.raw(client="127.0.0.2")


async def test_the_addresses_of_one_ipv6_subscriber_count_as_one(sockets: Sockets, settings: Settings) -> None:
    settings.SOCKETS_PER_ADDRESS = 1
    await sockets.raw(client="2001:db8::1")
    second = await sockets.raw(client="2001:db8::2")
    assert (await second.closed()).code == 3504
    assert await sockets.raw(client="2001:db8:0:1::1")


async def test_one_socket_has_a_limited_number_of_channels(sockets: Sockets, settings: Settings) -> None:
    settings.CHANNELS_PER_SOCKET = 0
    socket = await sockets.open()
    assert (await socket.command("subscribe", channel="news"))["error"]["code"] == 106


async def test_a_client_that_answers_no_ping_is_closed(hub: Hub, sockets: Sockets) -> None:
    silent, awake = await sockets.open(), await sockets.open()
    for connection in tuple(hub.connections):
        connection.tick(time.time(), PING_FRAME)
    await awake._read()
    awake.send("{}")
    await awake.command("ping")
    for connection in tuple(hub.connections):
        connection.tick(time.time(), PING_FRAME)
    assert (await silent.closed()).code == 3012
    assert (await awake.command("ping"))["ping"] == {}
    assert awake.pings == 2


async def test_no_ping_comes_before_the_reply_to_connect(
    hub: Hub, sockets: Sockets, people: dict[str, Identity], monkeypatch: pytest.MonkeyPatch
) -> None:
    """SDKs answer none then, and would be closed at the next."""
    people["token"] = person(7)
    asked, go_on = threading.Event(), threading.Event()

    def slow(session_ids: Collection[str]) -> set[str]:
        asked.set()
        assert go_on.wait(30)
        return set(session_ids)

    monkeypatch.setattr("realtime.rights.live_sessions", slow)
    socket = await sockets.raw()
    connecting = asyncio.create_task(socket.command("connect", token="token"))
    await asyncio.to_thread(asked.wait, 30)
    (connection,) = hub.connections
    for _ in range(2):
        connection.tick(time.time(), PING_FRAME)
    go_on.set()
    assert (await connecting)["connect"]["ping"] == 25
    assert socket.pings == 0
    connection.tick(time.time(), PING_FRAME)
    await socket._read()
    assert socket.pings == 1


async def test_a_connection_ends_with_its_token(hub: Hub, sockets: Sockets, people: dict[str, Identity]) -> None:
    people["token"] = person(7, seconds=60)
    socket = await sockets.open(token="token")
    for connection in tuple(hub.connections):
        connection.tick(time.time() + 61, PING_FRAME)
    socket.send("{}")
    # Some seconds more: SDKs refresh a token when it has expired.
    assert (await socket.command("ping"))["ping"] == {}
    for connection in tuple(hub.connections):
        connection.tick(time.time() + 61 + EXPIRED_SECONDS, PING_FRAME)
    assert (await socket.closed()).code == 3005


async def test_a_server_that_goes_down_sends_its_clients_elsewhere(hub: Hub, sockets: Sockets) -> None:
    socket = await sockets.open()
    assert socket.task is not None
    socket.task.cancel()
    assert (await socket.closed()).code == 3001
    await asyncio.wait({socket.task})
    sockets.remove(socket)
