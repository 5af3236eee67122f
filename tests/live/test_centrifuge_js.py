"""npm's `centrifuge`, unmodified, speaks to Simmer."""

import json
import queue
import shutil
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.live.people import SECONDS, Person
from tests.stack import Stack

NODE = Path(__file__).resolve().parent.parent / "node"

pytestmark = pytest.mark.skipif(
    shutil.which("node") is None or not (NODE / "node_modules" / "centrifuge").is_dir(),
    reason="needs Node.js 20 and `npm ci --prefix tests/node`",
)


class Client:
    """The script tests/node/recovery.mjs: commands in, what happened out."""

    def __init__(self, process: "subprocess.Popen[str]") -> None:
        self.process = process
        self.lines: queue.Queue[str] = queue.Queue()
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self.lines.put(line)

    def tell(self, command: str) -> None:
        assert self.process.stdin is not None
        self.process.stdin.write(command + "\n")
        self.process.stdin.flush()

    def wait_for(self, event: str, **fields: Any) -> dict[str, Any]:
        """The next thing of that name (and with those fields); what comes before it is dropped."""
        while True:
            happened: dict[str, Any] = json.loads(self.lines.get(timeout=SECONDS))
            if happened["event"] == event and fields.items() <= happened.items():
                return happened

    def publications(self, count: int, channel: str) -> list[tuple[int, str]]:
        found = [self.wait_for("publication", channel=channel) for _ in range(count)]
        return [(publication["offset"], publication["data"]["type"]) for publication in found]


@contextmanager
def client(stack: Stack, token: str = "") -> Iterator[Client]:
    process = subprocess.Popen(
        ["node", "recovery.mjs", stack.ws_url, *([token] if token else [])],
        cwd=NODE,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        yield Client(process)
    finally:
        process.kill()
        process.communicate()


def test_it_receives_ratings_and_recovers_those_it_missed(stack: Stack, seller: Person) -> None:
    recipe = seller.publish()
    channel = f"recipe:{recipe}"
    people = [Person(stack) for _ in range(4)]
    with client(stack) as js:
        js.tell("connect")
        js.wait_for("connected")
        js.tell(f"subscribe {channel}")
        js.wait_for("subscribed", channel=channel)
        people[0].rate(recipe, 5)
        assert js.publications(1, channel) == [(1, "rating.created")]
        js.tell("drop")
        js.wait_for("connecting")
        for person in people[1:]:
            person.rate(recipe, 3)
        assert js.publications(3, channel) == [(offset, "rating.created") for offset in (2, 3, 4)]


def test_it_comes_back_after_the_server_was_killed(stack: Stack, seller: Person, customer: Person) -> None:
    recipe = seller.publish()
    channel = f"recipe:{recipe}"
    with client(stack) as js:
        js.tell("connect")
        js.wait_for("connected")
        js.tell(f"subscribe {channel}")
        js.wait_for("subscribed", channel=channel)
        stack.kill("web")
        js.wait_for("connecting")
        stack.start("web")
        stack.wait_ready()
        customer.rate(recipe, 4)
        assert js.publications(1, channel) == [(1, "rating.created")]


def test_it_gets_its_inbox_and_is_put_out_at_sign_out(stack: Stack, customer: Person) -> None:
    with client(stack, customer.access) as js:
        js.tell("connect")
        js.wait_for("subscribed", channel=f"inbox:{customer.id}")
        customer.call("POST", "/api/auth/logout/", 204, json={"refresh": customer.refresh})
        js.wait_for("disconnected", code=3503)


def test_a_refused_channel_is_an_error_of_the_subscription_alone(stack: Stack, customer: Person) -> None:
    with client(stack, customer.access) as js:
        js.tell("connect")
        js.wait_for("connected")
        js.tell(f"subscribe inbox:{customer.id + 1}")
        js.wait_for("unsubscribed", code=103)
        js.tell("subscribe recipes")
        js.wait_for("subscribed", channel="recipes")
