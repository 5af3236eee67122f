"""An event that changes who may read is the last that those who lose the right receive: sockets and event streams."""

import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from tests.live.event_stream import LiveStream
from tests.live.people import LiveSocket, Person
from tests.live.servers import second_server
from tests.stack import Stack

RUNS = 12
SECRET = "for followers alone"


@contextmanager
def as_it_is(stack: Stack) -> Iterator[None]:
    yield


@contextmanager
def relay_paused(stack: Stack) -> Iterator[None]:
    """The relay sees both writes in one batch."""
    relay = stack.processes["relay"]
    relay.send_signal(signal.SIGSTOP)
    try:
        yield
    finally:
        relay.send_signal(signal.SIGCONT)


@pytest.mark.parametrize("meanwhile", [as_it_is, relay_paused])
def test_a_stranger_does_not_receive_the_comment_after_the_post_became_followers_only(
    stack: Stack, meanwhile: Callable[[Stack], Any]
) -> None:
    author, follower = Person(stack), Person(stack)
    follower.call("PUT", f"/api/users/{author.username}/follow/", 200)
    for run in range(RUNS):
        _narrow_and_comment(stack, author, follower, meanwhile, f"{SECRET} {run}")


def test_neither_does_a_stranger_on_a_server_that_the_bus_does_not_reach(stack: Stack) -> None:
    author, follower = Person(stack), Person(stack)
    follower.call("PUT", f"/api/users/{author.username}/follow/", 200)
    with second_server(stack, BUS_PREFIX="a-bus-of-its-own") as server:
        for run in range(3):
            _narrow_and_comment(stack, author, follower, as_it_is, f"{SECRET} {run}", ws_url=server.ws_url)


def _narrow_and_comment(
    stack: Stack,
    author: Person,
    follower: Person,
    meanwhile: Callable[[Stack], Any],
    secret: str,
    *,
    ws_url: str | None = None,
) -> None:
    post = author.call("POST", "/api/posts/", 201, json={"text": "Dinner is ready."})["id"]
    channel = f"post:{post}"
    with (
        LiveSocket(stack, url=ws_url) as stranger,
        LiveSocket(stack, token=follower.access, url=ws_url) as reader,
        LiveStream(ws_url.replace("ws", "http", 1).removesuffix("/ws/") if ws_url else stack.url, channel) as stream,
    ):
        position = stranger.subscribe(channel)
        reader.subscribe(channel)
        with meanwhile(stack):
            author.call("PATCH", f"/api/posts/{post}/", 200, json={"visibility": "followers"})
            author.call("POST", f"/api/posts/{post}/comments/", 201, json={"text": secret})
        updated, comment = reader.publication(channel), reader.publication(channel)
        assert (updated["data"]["type"], comment["data"]["comment"]["text"]) == ("post.updated", secret)
        while not any("unsubscribe" in push for push in stranger.pushes):
            stranger.read()
        stranger.command("ping")
        assert [push.get("pub", {}).get("offset") for push in stranger.pushes] == [position["offset"] + 1, None]
        assert secret not in str(stranger.pushes)
        heard = list(stream.events())
        assert [event.name for event in heard] == ["message", "unsubscribed"]
        assert secret not in str(heard)
