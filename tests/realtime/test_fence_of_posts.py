"""Two requests, one after the other: what the first takes away, the second does not tell, whatever the bus does."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from asgiref.sync import sync_to_async
from django.db import connections
from pytest_django import Settings

from accounts.services.sessions import session_open
from tests.actors import access_of
from tests.factories import UserFactory
from tests.posts.conftest import Person
from tests.realtime.conftest import Sockets, Streams, in_thread
from tests.realtime.own_redis import OwnRedis, own_redis
from tests.realtime.relay_process import RelayProcess
from tests.realtime.sockets import Socket
from tests.realtime.test_revoked_sessions import bus

__all__ = ["bus", "own_redis"]
RUNS = 5
SECRET = "not for you"


def left_alone(server: OwnRedis) -> None:
    """The bus goes on."""


def frozen(server: OwnRedis) -> None:
    """For half a second the bus answers nobody: the store is read meanwhile."""
    server.client.execute_command("CLIENT", "PAUSE", 500, "ALL")


@pytest.fixture
def relay(transactional_db: None, bus: OwnRedis, tmp_path: Path, settings: Settings) -> Iterator[RelayProcess]:
    """Publishes on the bus of this process. Name it before the hub."""
    prefix = settings.CHANNEL_LAYERS["default"]["CONFIG"]["prefix"]
    with RelayProcess(tmp_path, BUS_REDIS_URLS=bus.url, BUS_PREFIX=prefix) as process:
        process.wait_for("relay.started")
        yield process
    connections.close_all()


async def signed_in(sockets: Sockets, one: Person) -> Socket:
    token = await in_thread(lambda: access_of(session_open(user=one.user)))
    return await sockets.open(token=token)


async def until_ended(socket: Socket, channel: str) -> list[dict[str, Any]]:
    """What came on a channel until its subscription was ended, and after it."""
    found: list[dict[str, Any]] = []
    while not any("unsubscribe" in push for push in found):
        push = await socket.push()
        if push["channel"] == channel:
            found.append(push)
    await socket.command("ping")
    return found + [push for push in socket.pushes if push["channel"] == channel]


@pytest.mark.parametrize("meanwhile", [left_alone, frozen])
async def test_a_post_for_followers_tells_no_stranger_its_next_comment(
    relay: RelayProcess, bus: OwnRedis, sockets: Sockets, streams: Streams, meanwhile: Callable[[OwnRedis], None]
) -> None:
    author, follower = await in_thread(lambda: (Person(UserFactory()), Person(UserFactory())))
    await sync_to_async(follower.follow)(author)
    reader = await signed_in(sockets, follower)
    for run in range(RUNS):
        post = (await sync_to_async(author.write)())["id"]
        channel = f"post:{post}"
        stranger = await sockets.open()
        await stranger.subscribe(channel)
        await reader.subscribe(channel)
        stream = await streams.open(channel)
        meanwhile(bus)
        narrowed = await sync_to_async(author.patch)(f"/api/posts/{post}/", {"visibility": "followers"})
        assert narrowed.status_code == 200
        comment = {"text": f"{SECRET} {run}"}
        assert (await sync_to_async(author.post)(f"/api/posts/{post}/comments/", comment)).status_code == 201
        heard: list[dict[str, Any]] = []
        while len(heard) < 2:
            push = await reader.push()
            heard += [push["pub"]] if push["channel"] == channel else []
        assert [one["data"]["type"] for one in heard] == ["post.updated", "comment.created"]
        told = await until_ended(stranger, channel)
        assert ["pub" in push for push in told] == [True, False]
        assert SECRET not in str(told)
        events = await stream.ended()
        assert [event.name for event in events] == ["message", "unsubscribed"]
        assert SECRET not in str(events)


@pytest.mark.parametrize("meanwhile", [left_alone, frozen])
@pytest.mark.parametrize("how", ["block", "mute"])
async def test_the_next_comment_of_whom_a_reader_blocks_or_mutes_comes_without_words(
    relay: RelayProcess,
    bus: OwnRedis,
    sockets: Sockets,
    meanwhile: Callable[[OwnRedis], None],
    how: str,
) -> None:
    host, reader, talker = await in_thread(lambda: [Person(UserFactory()) for _ in range(3)])
    post = (await sync_to_async(host.write)())["id"]
    channel, inbox = f"post:{post}", f"inbox:{reader.user.pk}"
    socket = await signed_in(sockets, reader)
    await socket.subscribe(channel)
    for run in range(RUNS):
        for path, words in ((how, None), (f"{how} taken back", f"{SECRET} {run}")):
            meanwhile(bus)
            address = f"/api/users/{talker.user.username}/{how}/"
            change = reader.put if words is None else reader.delete
            assert (await sync_to_async(change)(address)).status_code in (200, 204), path
            said = {"text": f"{SECRET} {run}"}
            assert (await sync_to_async(talker.post)(f"/api/posts/{post}/comments/", said)).status_code == 201
            while (push := await socket.push())["channel"] != channel:
                assert push["channel"] == inbox
            comment = push["pub"]["data"]["comment"]
            assert (comment and comment["text"]) == words


@pytest.mark.parametrize("meanwhile", [left_alone, frozen])
async def test_who_unfollows_hears_no_more_of_what_is_for_followers(
    relay: RelayProcess, bus: OwnRedis, sockets: Sockets, meanwhile: Callable[[OwnRedis], None]
) -> None:
    author, follower = await in_thread(lambda: (Person(UserFactory()), Person(UserFactory())))
    socket = await signed_in(sockets, follower)
    for run in range(RUNS):
        await sync_to_async(follower.follow)(author)
        post = (await sync_to_async(author.write)(visibility="followers"))["id"]
        channel = f"post:{post}"
        await socket.subscribe(channel)
        meanwhile(bus)
        await sync_to_async(follower.delete)(f"/api/users/{author.user.username}/follow/")
        comment = {"text": f"{SECRET} {run}"}
        assert (await sync_to_async(author.post)(f"/api/posts/{post}/comments/", comment)).status_code == 201
        assert SECRET not in str(await until_ended(socket, channel))
