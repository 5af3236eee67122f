"""A session that ends takes its sockets along: here, on other servers, and when the bus does not say so."""

import time
from collections.abc import AsyncIterator, Iterator

import pytest
import pytest_asyncio
from pytest_django import Settings

from realtime import consumers
from realtime.channels import Identity, everyone, only_that_person, register_namespace
from realtime.events import Reauthorize
from realtime.hub import Hub
from tests.realtime.conftest import Sockets
from tests.realtime.own_redis import OwnRedis, own_redis
from tests.realtime.streams import announce, store

__all__ = ["own_redis"]


@pytest.fixture(autouse=True)
def channels_and_people(namespaces: dict[str, object], people: dict[str, Identity]) -> None:
    register_namespace("news", authorize=everyone, description="Public news")
    register_namespace("inbox", authorize=only_that_person, description="One's own", server_side=True)
    people["token"] = Identity(1, "session-1", time.time() + 900)
    people["other"] = Identity(1, "session-2", time.time() + 900)


@pytest.fixture
def bus(settings: Settings, own_redis: OwnRedis) -> Iterator[OwnRedis]:
    """The Redis of the bus alone. Name it before the hub."""
    own_redis.start()
    layer = settings.CHANNEL_LAYERS["default"]
    hosts = [{**layer["CONFIG"]["hosts"][0], "address": own_redis.url}]
    settings.CHANNEL_LAYERS = {"default": {**layer, "CONFIG": {**layer["CONFIG"], "hosts": hosts}}}
    yield own_redis


@pytest_asyncio.fixture
async def other(hub: Hub) -> AsyncIterator[Hub]:
    """The hub of a second server."""
    other = Hub()
    other.start()
    yield other
    await other.stop()


async def test_the_event_ends_it_on_every_server_and_leaves_the_persons_other_sessions(
    hub: Hub, other: Hub, sockets: Sockets, people: dict[str, Identity], monkeypatch: pytest.MonkeyPatch
) -> None:
    revoked, staying = [], []
    for server in (hub, other):
        monkeypatch.setattr(consumers, "current_hub", lambda server=server: server)
        revoked.append(await sockets.open(token="token"))
        staying.append(await sockets.open(token="other"))
    del people["token"]
    await announce(*await store("inbox:1", 1), reauthorize=Reauthorize.READERS)
    for socket in revoked:
        assert (await socket.closed()).code == 3503
    for socket in staying:
        assert (await socket.command("ping"))["ping"] == {}


async def test_without_redis_the_store_tells_it(bus: OwnRedis, sockets: Sockets, people: dict[str, Identity]) -> None:
    socket, other = await sockets.open(token="token"), await sockets.open(token="other")
    bus.kill()
    del people["token"]
    # A type that the process does not know asks for everybody's rights.
    await store("inbox:1", 1, type="session.revoked.of-tomorrow")
    assert (await socket.closed()).code == 3503
    assert (await other.command("ping"))["ping"] == {}


async def test_a_session_that_ended_without_an_event_is_found_by_the_recheck(
    quick_rechecks: None, sockets: Sockets, people: dict[str, Identity]
) -> None:
    socket, other = await sockets.open(token="token"), await sockets.open(token="other")
    del people["token"]
    assert (await socket.closed()).code == 3503
    assert (await other.command("ping"))["ping"] == {}
