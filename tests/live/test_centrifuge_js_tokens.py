"""npm's `centrifuge`, unmodified: tokens that expire, and tickets that work once."""

from collections.abc import Iterator

import pytest

from tests.live.centrifuge_js import Client, client, needs_node
from tests.live.people import PASSWORD, Person
from tests.live.servers import Server, second_server
from tests.stack import Stack, wait_until

pytestmark = needs_node

# Long enough for a token to arrive alive on a busy machine.
LIFETIME = 5


@pytest.fixture
def strict(stack: Stack) -> Iterator[Server]:
    """A server whose access tokens live for LIFETIME seconds."""
    with second_server(stack, ACCESS_TOKEN_SECONDS=str(LIFETIME)) as server:
        yield server


def fresh_token(person: Person, server: Server) -> str:
    person.rest.base_url = server.url
    person.rest.headers.pop("Authorization", None)
    person.take(person.call("POST", "/api/auth/token/", 200, json={"username": person.username, "password": PASSWORD}))
    return person.access


def answer(js: Client, person: Person, server: Server) -> None:
    """Waits until the client asks for a token and gives it one."""
    js.wait_for("asked")
    js.tell("token", token=fresh_token(person, server))


def test_tokens_are_refreshed_in_band_and_the_socket_stays(stack: Stack, strict: Server, customer: Person) -> None:
    other = Person(stack)
    with client(strict.ws_url, asks=True) as js:
        js.tell("connect")
        answer(js, customer, strict)
        js.wait_for("connected")
        # Asked for the second time, it has been told how long the refreshed one lives.
        for _ in range(2):
            answer(js, customer, strict)
        fresh_token(customer, strict)
        customer.call("PUT", f"/api/users/{other.username}/mute/", 200)
        js.wait_for("publication", channel=f"inbox:{customer.id}")
        assert js.names().count("connecting") == js.names().count("connected") == 1
        assert "error" not in js.names()


def test_a_token_that_has_expired_before_the_connect_leads_to_another(
    stack: Stack, strict: Server, customer: Person
) -> None:
    token = fresh_token(customer, strict)
    wait_until(lambda: customer.rest.get("/api/me/").status_code == 401, what="the token to expire")
    with client(strict.ws_url, token=token, asks=True) as js:
        js.tell("connect")
        js.wait_for("error", type="connect", code=109)
        answer(js, customer, strict)
        js.wait_for("connected")


def test_another_persons_token_is_no_refresh(stack: Stack, strict: Server, customer: Person) -> None:
    with client(strict.ws_url, asks=True) as js:
        js.tell("connect")
        answer(js, customer, strict)
        js.wait_for("connected")
        answer(js, Person(stack), strict)
        js.wait_for("disconnected", code=3500)


def test_each_connect_takes_a_ticket_of_its_own(stack: Stack, customer: Person) -> None:
    def ticket() -> str:
        return str(customer.call("POST", "/api/realtime/ticket/", 201)["ticket"])

    with client(stack.ws_url, asks=True, tickets=True) as js:
        js.tell("connect")
        for _ in range(2):
            js.wait_for("asked")
            js.tell("token", token=ticket())
            js.wait_for("subscribed", channel=f"inbox:{customer.id}")
            js.tell("drop")
            js.wait_for("connecting")


def test_a_used_ticket_opens_nothing(stack: Stack, customer: Person) -> None:
    ticket = customer.call("POST", "/api/realtime/ticket/", 201)["ticket"]
    with client(stack.ws_url, token=ticket) as js, client(stack.ws_url, token=ticket) as other:
        js.connect()
        other.tell("connect")
        other.wait_for("disconnected", code=3500)
        assert js.ask("state") == "connected"
