"""A server that stops sends its clients elsewhere, some at a time."""

import asyncio

import pytest

from realtime import draining
from realtime.channels import everyone, register_namespace
from realtime.draining import close_in_slices
from realtime.hub import Hub
from tests.realtime.conftest import Sockets


@pytest.fixture(autouse=True)
def public_channel(namespaces: dict[str, object]) -> None:
    register_namespace("news", authorize=everyone, description="Public news")


async def test_those_whose_turn_has_not_come_are_served_on(
    hub: Hub, sockets: Sockets, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(draining, "AT_LEAST", 0)
    monkeypatch.setattr(draining, "SLICE_SECONDS", 3600)
    clients = [await sockets.open() for _ in range(8)]
    # As many slices as half the sockets: two in each.
    closing = asyncio.create_task(close_in_slices(hub, seconds=4 * 3600))
    while len(hub.connections) == 8:
        await clients[0].yielded()
    assert len(hub.connections) == 6
    closed = served = 0
    for client in clients:
        client.send('{"id":50,"ping":{}}')
        message = await client.outgoing.get()
        if message["type"] == "websocket.close":
            assert message["code"] == 3001
            client.incoming.put_nowait({"type": "websocket.disconnect", "code": 3001})
            closed += 1
        else:
            served += 1
    assert (closed, served) == (2, 6)
    closing.cancel()


@pytest.mark.parametrize("seconds", [0, 0.2])
async def test_all_are_closed_and_those_who_come_meanwhile_too(hub: Hub, sockets: Sockets, seconds: float) -> None:
    clients = [await sockets.open() for _ in range(30)]
    closing = asyncio.create_task(close_in_slices(hub, seconds=seconds))
    if seconds:
        await clients[0].yielded()
        assert hub.connections
        clients.append(await sockets.open())
    await closing
    for client in clients:
        assert (await client.closed()).code == 3001
    assert not hub.connections


async def test_nobody_to_send_away_takes_no_time(hub: Hub) -> None:
    await close_in_slices(hub, seconds=3600)
