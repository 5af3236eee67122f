"""Server-Sent Events through the real server: live, recovered, ended."""

import socket as sockets
from contextlib import suppress
from urllib.parse import urlsplit

import httpx
import pytest

from core.processes import stop
from tests.live.event_stream import LiveStream, stream
from tests.live.people import Person
from tests.live.test_readers import publish
from tests.stack import Stack, wait_until


def test_ratings_arrive_and_those_of_the_time_away_come_first(stack: Stack, seller: Person) -> None:
    recipe = seller.publish()
    people = [Person(stack) for _ in range(3)]
    with stream(stack, f"recipe:{recipe}") as reader:
        people[0].rate(recipe, 5)
        assert reader.ratings(1) == [(1, 5)]
    people[1].rate(recipe, 3)
    with stream(stack, f"recipe:{recipe}", last_event_id=reader.id) as reader:
        people[2].rate(recipe, 4)
        assert reader.ratings(2) == [(2, 3), (3, 4)]


def test_a_killed_server_loses_nothing_for_who_comes_back(stack: Stack, seller: Person, customer: Person) -> None:
    recipe = seller.publish()
    with stream(stack, f"recipe:{recipe}") as reader:
        stack.kill("web")
        # Cut off, not ended: nobody takes it for all there was.
        with pytest.raises(httpx.TransportError):
            list(reader.events())
    stack.start("web")
    stack.wait_ready()
    customer.rate(recipe, 2)
    with stream(stack, f"recipe:{recipe}", last_event_id=reader.id) as reader:
        assert reader.ratings(1) == [(1, 2)]


def test_a_server_that_is_stopped_says_so_and_ends_the_answer(stack: Stack) -> None:
    with stream(stack, "recipes") as reader:
        stop(stack.processes.pop("web"))
        *_, last = reader.events()
    assert (last.name, last.data["code"]) == ("end", 3001)


def test_signing_out_ends_the_streams_of_that_session(stack: Stack, customer: Person) -> None:
    with stream(stack, "recipes", token=customer.access) as reader:
        customer.call("POST", "/api/auth/logout/", 204, json={"refresh": customer.refresh})
        *_, last = reader.events()
    assert (last.name, last.data["code"]) == ("end", 3503)
    with stream(stack, "recipes", token=customer.access) as again:
        assert again.answer.status_code == 401


def test_a_block_ends_the_channel_of_the_one_who_blocked(stack: Stack, seller: Person, customer: Person) -> None:
    with stream(stack, f"user:{seller.id}", token=customer.access) as reader:
        seller.call("PUT", f"/api/users/{customer.username}/block/", 200)
        *_, last = reader.events()
    assert (last.name, last.data["channel"]) == ("unsubscribed", f"user:{seller.id}")


def test_a_follower_hears_of_a_post_on_their_feed(stack: Stack, seller: Person, customer: Person) -> None:
    customer.call("PUT", f"/api/users/{seller.username}/follow/", 200)
    with stream(stack, f"feed:{customer.id}", token=customer.access) as reader:
        post = seller.call("POST", "/api/posts/", 201, json={"text": "Dinner is ready."})["id"]
        heard = next(reader.events())
    assert (heard.data["channel"], heard.data["data"]["post_id"]) == (f"feed:{customer.id}", post)


def test_a_reader_that_never_reads_is_dropped_and_the_others_get_everything(stack: Stack) -> None:
    address = urlsplit(stack.url)
    stalled = sockets.create_connection((address.hostname, address.port))
    stalled.setsockopt(sockets.SOL_SOCKET, sockets.SO_RCVBUF, 4096)
    stalled.sendall(f"GET /api/events/?channel=recipes HTTP/1.1\r\nHost: {address.netloc}\r\n\r\n".encode())
    while b"id: " not in stalled.recv(4096):
        pass
    with stream(stack, "recipes") as reader:
        offsets = []
        events = reader.events()
        for _ in range(40):
            publish(stack, "recipes", 20, size=8000)
            offsets += [next(events).data["offset"] for _ in range(20)]
        assert offsets == list(range(offsets[0], offsets[0] + 800))
    wait_until(lambda: "stream_dropped code=3008" in stack.log("web"), what="the log of the dropped reader")
    stalled.settimeout(20)
    with stalled, suppress(ConnectionResetError):
        while stalled.recv(65536):
            pass


def test_it_works_through_a_server_that_knows_nothing_of_simmer(
    stack: Stack, plain_daphne: str, seller: Person, customer: Person
) -> None:
    recipe = seller.publish()
    with LiveStream(plain_daphne, f"recipe:{recipe}", token=customer.access) as reader:
        customer.rate(recipe, 5)
        assert reader.ratings(1) == [(1, 5)]
    customer.rate(recipe, 4, 200)
    with LiveStream(plain_daphne, f"recipe:{recipe}", last_event_id=reader.id) as reader:
        assert reader.ratings(1) == [(2, 4)]
