"""Sockets in this process: the real consumer, hub, store and bus, driven over ASGI."""

from collections.abc import AsyncIterator, Callable, Collection, Iterator
from typing import Any

import pytest
import pytest_asyncio
from asgiref.sync import sync_to_async
from django.db import connections

from core import threads
from realtime import rechecks
from realtime.channels import NAMESPACES, Identity, TokenInvalid, register_hidden_actors, register_identities
from realtime.events import EVENTS
from realtime.hub import Hub, current_hub
from tests.realtime.event_reader import EventReader
from tests.realtime.sample_events import Said
from tests.realtime.sockets import Socket


@pytest.fixture
def people(monkeypatch: pytest.MonkeyPatch) -> Iterator[dict[str, Identity]]:
    """Tokens that the socket takes, by name; what is removed from it has its session revoked."""
    from realtime import channels

    known: dict[str, Identity] = {}

    def verify(token: str) -> Identity:
        if token not in known:
            raise TokenInvalid
        return known[token]

    def read(token: str) -> Identity | None:
        """As of an access token, which is good by its signature after its session has ended; a ticket is not."""
        signed[token] = known.get(token, signed.get(token))
        return None if token.startswith("ticket") else signed[token]

    def live(session_ids: object) -> set[str]:
        return {identity.session_id for identity in known.values()}

    signed: dict[str, Identity | None] = {}

    monkeypatch.setattr(channels, "_token_verifier", channels._token_verifier)
    monkeypatch.setattr(channels, "_session_checker", channels._session_checker)
    monkeypatch.setattr(channels, "_token_reader", channels._token_reader)
    register_identities(verify_token=verify, live_sessions=live, read_token=read)
    yield known


@pytest.fixture
def hidden(monkeypatch: pytest.MonkeyPatch) -> dict[int, set[int]]:
    """Who is hidden from whom, by the reader's id, as accounts would say it."""
    from realtime import channels

    known: dict[int, set[int]] = {}

    def of(user_ids: Collection[int]) -> dict[int, set[int]]:
        return {user_id: set(known[user_id]) for user_id in user_ids if user_id in known}

    monkeypatch.setattr(channels, "_hidden_actors", None)
    register_hidden_actors(of)
    monkeypatch.setitem(EVENTS, Said.type, Said)
    return known


@pytest.fixture
def quick_rechecks(monkeypatch: pytest.MonkeyPatch) -> None:
    """Name it before the hub."""
    monkeypatch.setattr(rechecks, "RECHECK_SECONDS", 0.05)


@pytest.fixture
def namespaces() -> Iterator[dict[str, object]]:
    """The channel families, to be changed for the length of a test."""
    before = dict(NAMESPACES)
    NAMESPACES.clear()
    yield NAMESPACES  # type: ignore[misc]
    NAMESPACES.clear()
    NAMESPACES.update(before)


@pytest_asyncio.fixture
async def hub(transactional_db: None) -> AsyncIterator[Hub]:
    hub = current_hub()
    yield hub
    await hub.stop()
    threads.close()
    # asgiref's thread outlives the test, and its session would keep the test database.
    await sync_to_async(connections.close_all)()


@pytest_asyncio.fixture
async def sockets(hub: Hub) -> AsyncIterator["Sockets"]:
    opened = Sockets()
    yield opened
    for socket in opened:
        await socket.leave()


class Sockets(list[Socket]):
    """Opens sockets and closes them at the end of the test."""

    async def open(self, **connect: object) -> Socket:
        """A socket that has connected (`token=...` to sign in)."""
        socket = await self.raw()
        await socket.command("connect", **connect)
        return socket

    async def raw(self, **scope: object) -> Socket:
        """A socket after the handshake, before `connect`."""
        socket = Socket(**scope)
        self.append(socket)
        await socket.handshake()
        return socket


async def in_thread(function: Callable[[], Any]) -> Any:
    """What FUNCTION, which asks the database, returns."""
    return await sync_to_async(function)()


@pytest_asyncio.fixture
async def streams(hub: Hub) -> AsyncIterator["Streams"]:
    opened = Streams()
    yield opened
    for reader in opened:
        await reader.leave()


class Streams(list[EventReader]):
    """Opens event streams and closes them at the end of the test."""

    def begin(self, *channels: str, **options: Any) -> EventReader:
        """A reader that has sent its request."""
        reader = EventReader(channels, **options)
        self.append(reader)
        return reader

    async def open(self, *channels: str, **options: Any) -> EventReader:
        """A reader whose stream was granted and has said where it begins."""
        reader = await self.begin(*channels, **options).opened()
        assert reader.status == 200, (reader.status, await reader.problem())
        return await reader.positioned()
