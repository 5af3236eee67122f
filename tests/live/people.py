"""People of the real stack: each registers over REST, and may open a socket."""

import itertools
import json
import secrets
from types import TracebackType
from typing import Any, ClassVar

import httpx
from websockets.sync.client import ClientConnection, connect

from tests.stack import Stack

PASSWORD = "a long enough pass phrase"
SECONDS = 20


class Person:
    """A registered person with a REST client that carries their token. Raises for an unexpected status."""

    clients: ClassVar[list[httpx.Client]] = []

    def __init__(self, stack: Stack, *, role: str = "customer") -> None:
        self.stack = stack
        self.rest = httpx.Client(base_url=stack.url, timeout=SECONDS)
        self.clients.append(self.rest)
        self.username = f"{role}-{secrets.token_hex(6)}"
        registered = self.call(
            "POST",
            "/api/auth/register/",
            201,
            json={
                "username": self.username,
                "email": f"{self.username}@example.com",
                "password": PASSWORD,
                "role": role,
            },
        )
        self.id: int = registered["user"]["id"]
        self.take(registered)

    def take(self, tokens: dict[str, Any]) -> None:
        self.access, self.refresh = tokens["access"], tokens["refresh"]
        self.rest.headers["Authorization"] = f"Bearer {self.access}"

    def call(self, method: str, path: str, status: int, **options: Any) -> Any:
        response = self.rest.request(method, path, **options)
        assert response.status_code == status, f"{method} {path}: {response.status_code} {response.text[:500]}"
        return response.json() if response.content else None

    def publish(self, **fields: Any) -> int:
        """A new recipe's id."""
        recipe = {"name": "Leek soup", "description": "Soup.", "ingredients": ["2 leeks"], "steps": ["Cook."], **fields}
        return int(self.call("POST", "/api/recipes/", 201, json=recipe)["id"])

    def rate(self, recipe: int, score: int, status: int = 201) -> Any:
        return self.call("POST", f"/api/recipes/{recipe}/rate/", status, json={"score": score})

    def socket(self) -> "LiveSocket":
        return LiveSocket(self.stack, token=self.access)


class LiveSocket:
    """A bare WebSocket client of the protocol. `url`: that of another server of the stack."""

    def __init__(self, stack: Stack, *, token: str | None = None, url: str | None = None) -> None:
        self._context = connect(url or stack.ws_url, open_timeout=SECONDS, compression=None)
        self.websocket: ClientConnection = self._context.__enter__()
        self.numbers = itertools.count(1)
        self.pushes: list[dict[str, Any]] = []
        self.replies: dict[int, dict[str, Any]] = {}
        self.connected = self.command("connect", **({"token": token} if token else {}))

    def __enter__(self) -> "LiveSocket":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        self._context.__exit__(None, None, None)

    def command(self, method: str, /, **params: Any) -> dict[str, Any]:
        number = next(self.numbers)
        self.websocket.send(json.dumps({"id": number, method: params}))
        while number not in self.replies:
            self.read()
        reply = self.replies.pop(number)
        assert "error" not in reply, reply
        return reply[method]  # type: ignore[no-any-return]

    def subscribe(self, channel: str, **params: Any) -> dict[str, Any]:
        return self.command("subscribe", channel=channel, **params)

    def publication(self, channel: str | None = None) -> dict[str, Any]:
        """The next {"offset", "data"} (on CHANNEL, when given; pushes of others are dropped)."""
        while True:
            while not self.pushes:
                self.read()
            push = self.pushes.pop(0)
            if "pub" in push and channel in (None, push["channel"]):
                return push["pub"]  # type: ignore[no-any-return]

    def read(self) -> None:
        """Takes in one frame; answers pings. Raises websockets' ConnectionClosed when the server has closed."""
        for line in str(self.websocket.recv(timeout=SECONDS)).split("\n"):
            message = json.loads(line)
            if message.get("id"):
                self.replies[message["id"]] = message
            elif "push" in message:
                self.pushes.append(message["push"])
            else:
                self.websocket.send("{}")
