"""npm's `centrifuge`, unmodified: whatever goes away and comes back, it receives everything, once and in order."""

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest

from core.processes import stop
from tests.live.centrifuge_js import client, needs_node
from tests.live.people import Person
from tests.live.servers import second_server
from tests.realtime.own_redis import OwnRedis
from tests.stack import Stack, wait_until

pytestmark = needs_node


def test_it_recovers_what_it_missed_while_the_network_was_away(stack: Stack, seller: Person, customer: Person) -> None:
    recipe = seller.publish()
    channel, inbox = f"recipe:{recipe}", f"inbox:{customer.id}"
    raters = [Person(stack) for _ in range(4)]
    with client(stack.ws_url, token=customer.access) as js:
        js.connect()
        js.subscribe(channel)
        raters[0].rate(recipe, 5)
        assert js.publications(1, channel) == [(1, "rating.created")]
        js.tell("leave")
        js.wait_for("connecting")
        for rater in raters[1:]:
            rater.rate(recipe, 3)
        customer.call("PUT", f"/api/users/{seller.username}/mute/", 200)
        _wait_numbered(stack)
        js.tell("return")
        # The server's own subscriptions come with the connect, the client's after it.
        assert js.wait_for("subscribed", channel=inbox)["recovered"]
        assert js.publications(1, inbox) == [(1, "mute.created")]
        assert js.wait_for("subscribed", channel=channel)["recovered"]
        assert js.publications(3, channel) == [(offset, "rating.created") for offset in (2, 3, 4)]


@pytest.mark.parametrize("signal", ["SIGTERM", "SIGKILL"])
def test_it_recovers_after_a_restart_of_the_server(stack: Stack, seller: Person, signal: str) -> None:
    recipe = seller.publish()
    channel = f"recipe:{recipe}"
    raters = [Person(stack) for _ in range(3)]
    with second_server(stack) as second, client(stack.ws_url) as js:
        js.connect()
        js.subscribe(channel)
        raters[0].rate(recipe, 5)
        js.publications(1, channel)
        if signal == "SIGKILL":
            stack.kill("web")
            js.wait_for("connecting")
        else:
            assert stop(stack.processes.pop("web")) == 0
            js.wait_for("connecting", code=3001)
        for rater in raters[1:]:
            rater.rest.base_url = second.url
            rater.rate(recipe, 3)
        stack.start("web")
        assert js.wait_for("subscribed", channel=channel)["recovered"]
        assert js.publications(2, channel) == [(2, "rating.created"), (3, "rating.created")]
        assert "disconnected" not in js.names()


def test_a_restart_of_redis_costs_it_nothing(stack: Stack, seller: Person, tmp_path: Path) -> None:
    recipe = seller.publish()
    channel = f"recipe:{recipe}"
    raters = [Person(stack) for _ in range(3)]
    with _own_bus(stack, tmp_path) as bus, client(stack.ws_url) as js:
        js.connect()
        js.subscribe(channel)
        raters[0].rate(recipe, 5)
        assert js.publications(1, channel) == [(1, "rating.created")]
        bus.kill()
        raters[1].rate(recipe, 4)
        assert js.publications(1, channel) == [(2, "rating.created")]
        bus.start()
        wait_until(bus.client.pubsub_channels, what="the server on the bus again")
        raters[2].rate(recipe, 3)
        assert js.publications(1, channel) == [(3, "rating.created")]
        wait_until(
            lambda: js.ask("presenceStats", channel=channel) == {"numClients": 1, "numUsers": 0}, what="presence again"
        )
        # The socket was not dropped.
        assert js.names().count("connecting") == js.names().count("connected") == 1


@contextmanager
def _own_bus(stack: Stack, folder: Path) -> Iterator[OwnRedis]:
    """The web server and the relay on a Redis that a test may take away; jobs and throttles stay where they are."""
    bus = OwnRedis(folder)
    bus.start()
    _restart(stack, BUS_REDIS_URLS=bus.url)
    try:
        yield bus
    finally:
        _restart(stack)
        bus.client.close()
        bus.kill()


def _restart(stack: Stack, **env: str) -> None:
    for name in ("web", "relay"):
        stack.kill(name)
    before, stack.env = stack.env, {**stack.env, **env}
    try:
        stack.ensure_running()
    finally:
        stack.env = before


def _wait_numbered(stack: Stack) -> None:
    wait_until(
        lambda: stack.query("SELECT count(*) FROM realtime_streamevent WHERE position IS NULL") == [(0,)],
        what="the relay to number all",
    )


def test_a_server_with_too_few_threads_refuses_for_a_while_and_ends_no_subscription(
    stack: Stack, seller: Person
) -> None:
    channels = {f"recipe:{seller.publish()}" for _ in range(30)}
    overloaded, ended = threading.Event(), threading.Event()

    def read(url: str) -> None:
        with httpx.Client(base_url=url, timeout=20) as rest:
            while not ended.is_set():
                if rest.get("/api/recipes/").status_code == 503:
                    overloaded.set()

    with (
        second_server(stack, WEB_THREADS="1", WEB_QUEUE="2") as server,
        client(server.ws_url) as js,
        ThreadPoolExecutor(8) as load,
    ):
        try:
            js.connect()
            for _ in range(8):
                load.submit(read, server.url)
            assert overloaded.wait(30)
            for channel in channels:
                js.tell("subscribe", channel=channel)
            while channels:
                happened = js.next()
                assert happened["event"] != "unsubscribed", happened
                if happened["event"] == "subscribed":
                    channels.remove(happened["channel"])
        finally:
            ended.set()
