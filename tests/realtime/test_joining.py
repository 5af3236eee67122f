"""Sockets that open channels at the same moment join the bus with one command, however many they are."""

import asyncio
import logging

import pytest
import redis
from channels.layers import get_channel_layer
from django.conf import settings

from realtime import joining
from realtime.bus import group_of
from realtime.hub import Hub
from realtime.shards import shard_of
from tests.realtime.conftest import Sockets
from tests.realtime.streams import announce, store
from tests.stack import wait_until

CHANNELS = 30


def subscribes() -> int:
    """How many SUBSCRIBE commands the Redis of the bus has run."""
    with redis.Redis.from_url(settings.BUS_REDIS_URLS[0]) as client:
        return int(client.info("commandstats").get("cmdstat_subscribe", {}).get("calls", 0))


async def opened(hub: Hub, sockets: Sockets) -> None:
    """One socket on each of CHANNELS channels, all subscribed while the bus takes nothing, all heard."""
    names = [f"user:{number}" for number in range(1, CHANNELS + 1)]
    clients = [await sockets.open() for _ in names]
    shard = shard_of(get_channel_layer(), group_of(names[0]))
    assert shard is not None
    async with shard.redis._lock:
        subscribing = asyncio.gather(*(client.subscribe(name) for client, name in zip(clients, names, strict=True)))
        await asyncio.to_thread(
            wait_until, lambda: all(name in hub.topics and hub.topics[name].joining for name in names)
        )
    await subscribing
    await asyncio.to_thread(wait_until, lambda: all(hub.topics[name].joined for name in names))
    for client, name in zip(clients, names, strict=True):
        await announce(*await store(name, 1))
        assert (await client.push())["channel"] == name


@pytest.fixture(autouse=True)
def everyone_reads(namespaces: dict[str, object]) -> None:
    from realtime.channels import everyone, register_namespace

    register_namespace("user", description="", authorize=lambda key, user_ids: everyone("", user_ids))


async def test_channels_that_open_together_are_joined_together(hub: Hub, sockets: Sockets) -> None:
    before = await asyncio.to_thread(subscribes)
    await opened(hub, sockets)
    # The receiving channel, the first join, and those that came meanwhile.
    assert await asyncio.to_thread(subscribes) - before <= 3


async def test_another_channels_redis_is_joined_one_by_one(
    hub: Hub, sockets: Sockets, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(joining, "_SHARD", ("_an_attribute_that_it_does_not_have",))
    monkeypatch.setattr(joining, "_said", False)
    before = await asyncio.to_thread(subscribes)
    with caplog.at_level(logging.WARNING):
        await opened(hub, sockets)
    assert await asyncio.to_thread(subscribes) - before >= CHANNELS
    assert [record.message.partition(":")[0] for record in caplog.records] == ["joins_one_by_one"]
