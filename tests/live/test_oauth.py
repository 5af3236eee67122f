"""An app of somebody else, with Authlib as its client library: from the question to a socket, and to its end."""

import time
from typing import Any

import httpx
import pytest
from authlib.common.security import generate_token
from authlib.integrations.requests_client import OAuth2Session, OAuthError
from websockets.exceptions import ConnectionClosed

from tests.live.consent import Consenter, register_app
from tests.live.people import LiveSocket, Person
from tests.stack import Stack

REDIRECT = "https://app.example/back"


class App:
    """A public client of Authlib, made for one person."""

    def __init__(self, stack: Stack, scope: str = "read write", *, url: str = "") -> None:
        self.url = url or stack.url
        found = httpx.get(f"{self.url}/.well-known/oauth-authorization-server").json()
        assert found["issuer"] == self.url
        self.endpoints = found
        self.client_id = register_app(stack, REDIRECT)
        self.client = OAuth2Session(
            client_id=self.client_id,
            scope=scope,
            redirect_uri=REDIRECT,
            code_challenge_method="S256",
            token_endpoint=found["token_endpoint"],
        )
        Person.clients.append(self.client)
        self.verifier = generate_token(48)

    def get(self, path: str) -> Any:
        return self.client.get(self.url + path)

    def post(self, path: str, body: Any) -> Any:
        return self.client.post(self.url + path, json=body)

    def question(self) -> str:
        address, self.state = self.client.create_authorization_url(
            self.endpoints["authorization_endpoint"], code_verifier=self.verifier
        )
        return str(address)

    def redeem(self, answer: str, **changes: Any) -> Any:
        return self.client.fetch_token(
            self.endpoints["token_endpoint"],
            **{"authorization_response": answer, "state": self.state, "code_verifier": self.verifier, **changes},
        )

    def revoke(self, token: str) -> int:
        return int(self.client.revoke_token(self.endpoints["revocation_endpoint"], token=token).status_code)

    def allowed_by(self, person: Person) -> Any:
        return self.redeem(Consenter(person, url=self.url).answer(self.question()))


def test_an_app_reads_writes_and_listens_until_it_revokes_its_token(
    stack: Stack, seller: Person, customer: Person
) -> None:
    recipe = seller.publish()
    app = App(stack)
    token = app.allowed_by(customer)
    assert token["scope"] == "read write" and token["expires_in"] == 900

    assert app.get("/api/me/").json()["username"] == customer.username
    with LiveSocket(stack, token=token["access_token"]) as socket:
        socket.subscribe(f"recipe:{recipe}")
        assert app.post(f"/api/recipes/{recipe}/rate/", {"score": 4}).status_code == 201
        heard = socket.publication(f"recipe:{recipe}")
        assert heard["data"]["actor"]["username"] == customer.username

        refreshed = app.client.refresh_token()
        assert app.get("/api/me/").status_code == 200
        socket.command("refresh", token=refreshed["access_token"])

        assert app.revoke(refreshed["refresh_token"]) == 200
        with pytest.raises(ConnectionClosed) as closed:
            while True:
                socket.read()
    assert closed.value.rcvd is not None and closed.value.rcvd.reason == "session revoked"
    assert app.get("/api/me/").status_code == 401
    with pytest.raises(OAuthError, match="invalid_grant"):
        app.client.refresh_token(refresh_token=refreshed["refresh_token"])


def test_a_socket_of_an_app_closes_within_a_second_of_its_end(stack: Stack, customer: Person) -> None:
    app = App(stack)
    token = app.allowed_by(customer)
    with LiveSocket(stack, token=token["access_token"]) as socket:
        began = time.monotonic()
        customer.call("DELETE", "/api/me/sessions/", 204)
        with pytest.raises(ConnectionClosed):
            while True:
                socket.read()
        took = time.monotonic() - began
    # A busy machine may take longer; without the event it would be the 30 s of a recheck.
    assert took < 15
    assert customer.call("GET", "/api/me/", 200)["username"] == customer.username


def test_neither_a_wrong_verifier_nor_a_second_use_opens_anything(stack: Stack, customer: Person) -> None:
    app = App(stack)
    answer = Consenter(customer).answer(app.question())
    with pytest.raises(OAuthError, match="invalid_grant"):
        app.redeem(answer, code_verifier=generate_token(48))
    with pytest.raises(OAuthError, match="invalid_request"):
        app.redeem(answer, code_verifier=None)
    token = app.redeem(answer)
    with pytest.raises(OAuthError, match="invalid_grant"):
        app.redeem(answer)
    ended = httpx.get(f"{stack.url}/api/me/", headers={"Authorization": f"Bearer {token['access_token']}"})
    assert ended.status_code == 401


def test_an_app_that_may_only_read_does_not_write(stack: Stack, seller: Person, customer: Person) -> None:
    recipe = seller.publish()
    app = App(stack, "read")
    token = app.allowed_by(customer)
    refusal = app.post(f"/api/recipes/{recipe}/rate/", {"score": 4})
    assert refusal.status_code == 403 and refusal.json()["code"] == "insufficient_scope"
    with LiveSocket(stack, token=token["access_token"]) as socket:
        socket.subscribe(f"recipe:{recipe}")


def test_an_app_that_may_not_read_gets_no_socket(stack: Stack, customer: Person) -> None:
    token = App(stack, "write").allowed_by(customer)
    with pytest.raises(AssertionError, match="permission denied"):
        LiveSocket(stack, token=token["access_token"])
