"""The load on a deployment, seen from a test; and the comparison that all of these tests end with."""

import json
import secrets
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import httpx

from benchmarks.machine import raise_file_limit
from core.processes import bound, stop
from tests import services
from tests.faults.deployment import WEBS, Deployment
from tests.faults.load_client import checksum
from tests.live.people import PASSWORD
from tests.stack import wait_until

RECIPES = 4
WRITERS = 8
KINDS = ["rating", "like", "comment"]


class Load:
    """SOCKETS readers, and writers who act RATE times a second in all, on RECIPES recipes and their announcements."""

    def __init__(self, deployment: Deployment, *, sockets: int, rate: float, kinds: list[str]) -> None:
        self.deployment = deployment
        with httpx.Client(base_url=deployment.url_of(WEBS[0]), timeout=30) as rest:
            people = [_register(rest, number) for number in range(WRITERS + 1)]
            seller, writers = people[0], people[1:]
            recipes = [_publish(rest, seller["access"], number) for number in range(RECIPES)]
        self.recipe_of = {
            person["user"]["username"]: recipes[number % RECIPES] for number, person in enumerate(writers)
        }
        self.posts = {recipe["id"]: recipe["post_id"] for recipe in recipes}
        spec = {
            "servers": [deployment.url_of(web) for web in WEBS],
            "sockets": sockets,
            "rate": rate,
            "kinds": kinds,
            "channels": [[f"recipe:{recipe}", f"post:{post}"] for recipe, post in self.posts.items()],
            "people": [
                {
                    "token": person["access"],
                    "username": person["user"]["username"],
                    "recipe": self.recipe_of[person["user"]["username"]]["id"],
                }
                for person in writers
            ],
        }
        self.channels = [channel for both in spec["channels"] for channel in both]
        self.process = subprocess.Popen(
            bound([sys.executable, "-m", "tests.faults.load_client"]), cwd=services.ROOT, env=deployment.env, text=True,
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, start_new_session=True,
        )  # fmt: skip
        self._say(spec)

    def _say(self, line: dict[str, Any]) -> None:
        assert self.process.stdin is not None
        self.process.stdin.write(json.dumps(line) + "\n")
        self.process.stdin.flush()

    def ask(self, do: str, **params: Any) -> dict[str, Any]:
        """A question of `load_client.Load`, and its answer."""
        self._say({"do": do, **params})
        assert self.process.stdout is not None
        line = self.process.stdout.readline()
        assert line, f"the load client ended with exit code {self.process.wait()}"
        answer: dict[str, Any] = json.loads(line)
        return answer

    def end(self) -> None:
        stop(self.process, grace=0)
        self.process.communicate()  # which closes the pipes

    def more(self, count: int, *, seconds: float = 60) -> None:
        """Returns when COUNT more acts were acknowledged."""
        goal = self.ask("state")["acknowledged"] + count
        wait_until(
            lambda: self.ask("state")["acknowledged"] >= goal, what=f"{count} more acknowledged writes", seconds=seconds
        )

    def wait_caught_up(self, *, seconds: float) -> None:
        """Returns when every reader has received all that is stored at this moment."""
        heads = self.deployment.heads(*self.channels)
        try:
            wait_until(
                lambda: not self.ask("behind", heads=heads)["readers"], what="every reader at the head", seconds=seconds
            )
        except AssertionError as error:
            raise AssertionError(f"{error}: {self.ask('behind', heads=heads)}, {self.ask('state')}") from None

    def assert_nothing_lost(self, *, seconds: float = 60) -> dict[str, Any]:
        """Ends the writing; acknowledged = stored = received, dense, in order, no duplicate. Returns the last state."""
        acknowledged = self.ask("hush")["acknowledged"]
        self.wait_caught_up(seconds=seconds)
        state = self.ask("state")
        assert state["faults"] == {}
        stored = {channel: self.deployment.stored(channel) for channel in self.channels}
        for channel, events in stored.items():
            assert [offset for offset, _ in events] == list(range(1, len(events) + 1)), channel
        for username, acts in acknowledged.items():
            recipe = self.recipe_of[username]["id"]
            expected = [tuple(act) for act in acts]
            assert _acts_of(username, stored[f"recipe:{recipe}"]) == expected
            # A rating is the recipe's alone.
            of_post = [act for act in expected if not act[0].startswith("rating.")]
            assert _acts_of(username, stored[f"post:{self.posts[recipe]}"]) == of_post
        assert sum(map(len, acknowledged.values())) == sum(len(stored[f"recipe:{recipe}"]) for recipe in self.posts)
        readers: Counter[str] = Counter()
        for channel, first, last, sum_, count in self.ask("received")["received"]:
            whole = 0
            for offset, data in stored[channel][first:]:
                whole = checksum(offset, data, whole)
            assert (last, sum_) == (len(stored[channel]), whole), f"{count} readers of {channel} have something else"
            readers[channel] += count
        assert sum(readers.values()) == 2 * self.ask("state")["open"]
        return state


def _acts_of(username: str, events: list[tuple[int, dict[str, Any]]]) -> list[tuple[str, Any]]:
    """What that person did, as the writers remember it."""
    return [
        (data["type"], data["score"] if "score" in data else data.get("comment", {}).get("text"))
        for _, data in events
        if data["actor"]["username"] == username
    ]


def _register(rest: httpx.Client, number: int) -> dict[str, Any]:
    name = f"person-{number}-{secrets.token_hex(4)}"
    fields = {"username": name, "email": f"{name}@example.com", "password": PASSWORD}
    answer = rest.post("/api/auth/register/", json={**fields, "role": "customer" if number else "seller"})
    assert answer.status_code == 201, answer.text
    person: dict[str, Any] = answer.json()
    return person


def _publish(rest: httpx.Client, token: str, number: int) -> dict[str, Any]:
    recipe = {"name": f"Soup no. {number}", "description": "Soup.", "ingredients": ["2 leeks"], "steps": ["Cook."]}
    answer = rest.post("/api/recipes/", json=recipe, headers={"Authorization": f"Bearer {token}"})
    assert answer.status_code == 201, answer.text
    shape: dict[str, Any] = answer.json()
    return shape


@contextmanager
def load_on(
    deployment: Deployment, *, sockets: int, rate: float = 20, kinds: list[str] = KINDS, writing: bool = True
) -> Iterator[Load]:
    """Every socket is open, and the writers are at work."""
    raise_file_limit()
    load = Load(deployment, sockets=sockets, rate=rate, kinds=kinds)
    try:
        load.ask("open")
        wait_until(lambda: load.ask("state")["open"] == sockets, what=f"{sockets} open sockets", seconds=60)
        if writing:
            load.ask("write")
        yield load
    finally:
        load.end()
