"""npm's `centrifuge`, unmodified: it connects, subscribes, asks, and is told what it may not."""

from typing import Any

import pytest

from tests.live.centrifuge_js import client, needs_node
from tests.live.people import Person
from tests.stack import Stack

pytestmark = needs_node


def test_an_anonymous_client_receives_ratings(stack: Stack, seller: Person, customer: Person) -> None:
    recipe = seller.publish()
    channel = f"recipe:{recipe}"
    with client(stack.ws_url) as js:
        js.connect()
        assert js.subscribe(channel)["recoverable"]
        customer.rate(recipe, 5)
        customer.rate(recipe, 4, 200)
        assert js.publications(2, channel) == [(1, "rating.created"), (2, "rating.updated")]


def test_a_signed_in_client_is_subscribed_to_its_inbox_and_its_feed(
    stack: Stack, seller: Person, customer: Person
) -> None:
    inbox, feed = f"inbox:{customer.id}", f"feed:{customer.id}"
    customer.call("PUT", f"/api/users/{seller.username}/follow/", 200)
    with client(stack.ws_url, token=customer.access) as js:
        js.tell("connect")
        subscribed = {event["channel"]: event["recoverable"] for event in (js.wait_for("subscribed") for _ in range(2))}
        assert subscribed == {inbox: True, feed: False}
        stranger = Person(stack)
        customer.call("PUT", f"/api/users/{stranger.username}/mute/", 200)
        assert js.wait_for("publication", channel=inbox)["data"]["type"] == "mute.created"
        post = seller.call("POST", "/api/posts/", 201, json={"text": "Leeks again."})
        hint = js.wait_for("publication", channel=feed)
        assert (hint["data"]["type"], hint["data"]["post_id"]) == ("post.published", post["id"])
        assert "offset" not in hint


def test_it_is_put_out_for_good_at_sign_out(stack: Stack, customer: Person) -> None:
    with client(stack.ws_url, token=customer.access) as js:
        js.connect()
        customer.call("POST", "/api/auth/logout/", 204, json={"refresh": customer.refresh})
        js.wait_for("disconnected", code=3503)
        assert js.ask("state") == "disconnected"


def test_a_token_that_no_one_gave_ends_it_for_good(stack: Stack) -> None:
    with client(stack.ws_url, token="no token of ours") as js:
        js.tell("connect")
        js.wait_for("disconnected", code=3500)
        assert js.ask("state") == "disconnected"


@pytest.mark.parametrize(("channel", "code"), [("nothing:1", 102), ("inbox:{other}", 103), ("recipe:0", 103)])
def test_a_refused_channel_is_an_error_of_that_subscription_alone(
    stack: Stack, seller: Person, customer: Person, channel: str, code: int
) -> None:
    with client(stack.ws_url, token=customer.access) as js:
        js.connect()
        js.tell("subscribe", channel=channel.format(other=seller.id))
        js.wait_for("unsubscribed", code=code)
        js.subscribe("recipes")


def test_an_anonymous_client_is_told_that_an_inbox_needs_a_sign_in(stack: Stack, customer: Person) -> None:
    with client(stack.ws_url) as js:
        js.connect()
        js.tell("subscribe", channel=f"inbox:{customer.id}")
        js.wait_for("unsubscribed", code=101)


def test_a_block_ends_the_subscription_for_good(stack: Stack, seller: Person, customer: Person) -> None:
    channel = f"user:{seller.id}"
    with client(stack.ws_url, token=customer.access) as js:
        js.connect()
        js.subscribe(channel)
        seller.call("PUT", f"/api/users/{customer.username}/block/", 200)
        js.wait_for("unsubscribed", channel=channel, code=2000)
        assert js.ask("state", channel=channel) == "unsubscribed"
        # The connection is as it was, and the rest goes on.
        assert js.ask("state") == "connected"
        js.subscribe("recipes")


def test_history_comes_in_pages_from_either_end(stack: Stack, seller: Person) -> None:
    recipe = seller.publish()
    channel = f"recipe:{recipe}"
    with client(stack.ws_url) as js:
        js.connect()
        js.subscribe(channel)
        for _ in range(3):
            Person(stack).rate(recipe, 4)
        js.publications(3, channel)

        def past(**options: Any) -> list[int]:
            return [
                publication["offset"] for publication in js.ask("history", channel=channel, **options)["publications"]
            ]

        head = js.ask("history", channel=channel)
        assert (head["publications"], head["offset"]) == ([], 3)
        assert past(limit=2) == [1, 2]
        assert past(limit=2, since={"epoch": head["epoch"], "offset": 2}) == [3]
        assert past(limit=2, reverse=True) == [3, 2]
        # Of another life of the database.
        assert js.ask("history", channel=channel, limit=1, since={"epoch": "x", "offset": 1}) == {"failed": 112}


def test_presence_names_the_people_and_counts_the_clients(stack: Stack, seller: Person, customer: Person) -> None:
    channel = f"recipe:{seller.publish()}"
    with client(stack.ws_url, token=customer.access) as js, client(stack.ws_url) as other:
        js.connect()
        other.connect()
        js.subscribe(channel)
        other.subscribe(channel)
        clients = js.ask("presence", channel=channel)["clients"]
        assert sorted(info["user"] for info in clients.values()) == ["", str(customer.id)]
        assert js.ask("presenceStats", channel=channel) == {"numClients": 2, "numUsers": 1}
        other.tell("unsubscribe", channel=channel)
        other.wait_for("unsubscribed", channel=channel)
        # What it sends is answered in order: the server has heard of it.
        other.ask("history", channel=channel)
        assert js.ask("presenceStats", channel=channel) == {"numClients": 1, "numUsers": 1}


def test_what_sockets_do_not_do_is_not_available(stack: Stack) -> None:
    with client(stack.ws_url) as js:
        js.connect()
        assert js.ask("publish", channel="recipes", data={}) == {"failed": 108}
        assert js.ask("presence", channel="recipes") == {"failed": 108}
        assert js.ask("history", channel="nothing:1", limit=1) == {"failed": 102}
        assert js.ask("state") == "connected"
