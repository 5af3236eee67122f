"""The path through everything: a rating over REST reaches an open socket, and what was missed comes back."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from websockets.exceptions import ConnectionClosedError

from tests.live.people import LiveSocket, Person
from tests.stack import Stack


def test_a_rating_reaches_an_open_socket_with_the_new_average(stack: Stack, seller: Person, customer: Person) -> None:
    recipe = seller.publish()
    other = Person(stack)
    with LiveSocket(stack) as socket:
        socket.subscribe(f"recipe:{recipe}")
        customer.rate(recipe, 5)
        other.rate(recipe, 2)
        first, second = socket.publication(), socket.publication()
    assert (first["offset"], second["offset"]) == (1, 2)
    assert first["data"]["type"] == "rating.created"
    assert first["data"]["actor"]["username"] == customer.username
    assert (first["data"]["avg_rating"], first["data"]["rating_count"]) == (5, 1)
    assert (second["data"]["avg_rating"], second["data"]["rating_count"]) == (3.5, 2)


def test_ratings_of_the_time_away_arrive_in_order_and_once(stack: Stack, seller: Person) -> None:
    recipe = seller.publish()
    people = [Person(stack) for _ in range(4)]
    with LiveSocket(stack) as socket:
        position = socket.subscribe(f"recipe:{recipe}")
        people[0].rate(recipe, 1)
        assert socket.publication()["offset"] == 1
    for score, person in enumerate(people[1:], start=2):
        person.rate(recipe, score)
    with LiveSocket(stack) as socket:
        missed = socket.subscribe(f"recipe:{recipe}", recover=True, epoch=position["epoch"], offset=1)
        seen = [(pub["offset"], pub["data"]["score"]) for pub in missed["publications"]]
        while len(seen) < 3:  # the relay may still be at the last of them
            publication = socket.publication()
            seen.append((publication["offset"], publication["data"]["score"]))
    assert missed["recovered"] and seen == [(2, 2), (3, 3), (4, 4)]


def test_a_read_and_its_stream_position_leave_no_gap(stack: Stack, seller: Person, customer: Person) -> None:
    recipe = seller.publish()
    read = customer.rest.get(f"/api/recipes/{recipe}/")
    channel, epoch, offset = read.headers["Stream-Position"].split(";")
    customer.rate(recipe, 4)
    with LiveSocket(stack) as socket:
        result = socket.subscribe(channel, recover=True, epoch=epoch, offset=int(offset))
        publications = result["publications"] or [socket.publication()]
    assert [pub["data"]["type"] for pub in publications] == ["rating.created"]


def test_200_ratings_at_once_are_counted_exactly_and_each_has_its_event(stack: Stack, seller: Person) -> None:
    recipe = seller.publish()
    with ThreadPoolExecutor(10) as pool:
        people = list(pool.map(lambda _: Person(stack), range(10)))
        with LiveSocket(stack) as socket:
            socket.subscribe(f"recipe:{recipe}")
            # Ten people at once, twenty times each: one rating created, 19 changed.
            list(pool.map(lambda pair: _rate_twenty_times(pair[1], recipe, pair[0]), enumerate(people)))
            events = [socket.publication() for _ in range(200)]
    assert [event["offset"] for event in events] == list(range(1, 201))
    shown = seller.call("GET", f"/api/recipes/{recipe}/", 200)
    assert shown["rating_count"] == 10
    assert shown["avg_rating"] == sum(1 + (number + 19) % 5 for number in range(10)) / 10
    last = events[-1]["data"]
    assert (last["rating_count"], last["avg_rating"]) == (shown["rating_count"], shown["avg_rating"])


def _rate_twenty_times(person: Person, recipe: int, first: int) -> None:
    for turn in range(20):
        person.rate(recipe, 1 + (first + turn) % 5, 200 if turn else 201)


def test_a_follow_reaches_the_channel_of_the_followed(stack: Stack, seller: Person, customer: Person) -> None:
    with LiveSocket(stack) as socket:
        socket.subscribe(f"user:{seller.id}")
        customer.call("PUT", f"/api/users/{seller.username}/follow/", 200)
        event = socket.publication()["data"]
    assert (event["type"], event["follower_count"]) == ("follow.created", 1)


def test_a_new_recipe_is_announced_to_everyone(stack: Stack, seller: Person) -> None:
    with LiveSocket(stack) as socket:
        socket.subscribe("recipes")
        recipe = seller.publish(name="Onion tart")
        while (event := socket.publication("recipes")["data"])["recipe_id"] != recipe:
            pass
    assert event["type"] == "recipe.published"


def test_signing_out_closes_the_sockets_of_that_session_only(stack: Stack, customer: Person) -> None:
    again = customer.call(
        "POST", "/api/auth/token/", 200, json={"username": customer.username, "password": "a long enough pass phrase"}
    )
    with customer.socket() as leaving, LiveSocket(stack, token=again["access"]) as staying:
        customer.call("POST", "/api/auth/logout/", 204, json={"refresh": customer.refresh})
        with pytest.raises(ConnectionClosedError) as closed:
            while True:
                leaving.read()
        assert closed.value.rcvd is not None and closed.value.rcvd.code == 3503
        staying.command("ping")
    assert customer.rest.get("/api/me/").status_code == 401
