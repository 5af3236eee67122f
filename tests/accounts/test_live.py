"""People on the real stack: a socket opened by a ticket, a follow heard on it, a logout that closes it."""

import json
import secrets
from typing import Any

import httpx
import pytest
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import ClientConnection, connect

from tests.stack import Stack

SECONDS = 20


def register(stack: Stack) -> dict[str, Any]:
    email = f"{secrets.token_hex(6)}@example.org"
    response = httpx.post(f"{stack.url}/api/auth/register/", json={"email": email, "password": "correct horse battery"})
    assert response.status_code == 201, response.text
    return response.json()


def call(stack: Stack, reply: dict[str, Any], method: str, path: str) -> httpx.Response:
    return httpx.request(method, f"{stack.url}/api{path}", headers={"Authorization": f"Bearer {reply['access']}"})


def command(socket: ClientConnection, **body: Any) -> dict[str, Any]:
    socket.send(json.dumps(body))
    return next(message for message in messages(socket) if message.get("id") == body["id"])


def messages(socket: ClientConnection) -> Any:
    """What the server says, one object at a time; pings are left out."""
    while True:
        for line in str(socket.recv(timeout=SECONDS)).splitlines():
            if message := json.loads(line):
                yield message


def test_a_follow_is_heard_on_a_socket_opened_by_a_ticket_and_a_logout_closes_it(stack: Stack) -> None:
    ann, bob = register(stack), register(stack)
    channel = f"user:{bob['user']['id']}"
    ticket = call(stack, ann, "POST", "/realtime/ticket/").json()["ticket"]
    with connect(stack.ws_url) as socket, connect(stack.ws_url) as of_bob:
        connected = command(socket, id=1, connect={"token": ticket})
        assert f"inbox:{ann['user']['id']}" in connected["connect"]["subs"]
        assert "subscribe" in command(socket, id=2, subscribe={"channel": channel})
        command(of_bob, id=1, connect={"token": bob["access"]})
        assert call(stack, ann, "PUT", f"/users/{bob['user']['username']}/follow/").status_code == 200
        heard = next(message for message in messages(socket) if message.get("push", {}).get("channel") == channel)
        data = heard["push"]["pub"]["data"]
        assert (data["type"], data["follower_count"]) == ("follow.created", 1)
        assert data["actor"]["id"] == ann["user"]["id"]

        assert call(stack, ann, "POST", "/auth/logout/").status_code == 204
        with pytest.raises(ConnectionClosed) as closed:
            for _ in messages(socket):
                pass
        assert closed.value.rcvd is not None
        assert closed.value.rcvd.code == 3503
        assert call(stack, ann, "GET", "/me/").status_code == 401
        assert command(of_bob, id=2, subscribe={"channel": "recipes"})["subscribe"]["positioned"]
