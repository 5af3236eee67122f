"""Sockets through Daphne as it comes, which hands nothing over: by ASGI's own `send`."""

from tests.live.people import LiveSocket, Person
from tests.stack import Stack


def test_a_rating_arrives_and_what_was_missed_comes_back(
    stack: Stack, plain_daphne: str, seller: Person, customer: Person
) -> None:
    channel = f"recipe:{(recipe := seller.publish())}"
    url = plain_daphne.replace("http", "ws") + "/ws/"
    with LiveSocket(stack, token=customer.access, url=url) as socket:
        began = socket.subscribe(channel)
        customer.rate(recipe, 5)
        assert socket.publication(channel)["data"]["score"] == 5
    customer.rate(recipe, 4, 200)
    with LiveSocket(stack, token=customer.access, url=url) as socket:
        result = socket.subscribe(channel, recover=True, epoch=began["epoch"], offset=1)
        assert result["recovered"] and [p["data"]["score"] for p in result["publications"]] == [4]
        customer.rate(recipe, 3, 200)
        assert socket.publication(channel)["offset"] == 3
