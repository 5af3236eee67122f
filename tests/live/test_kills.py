"""kill -9 in the middle of writes: what was acknowledged is stored, and has its event, in order, without a gap."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager

import httpx
import pytest
from websockets.exceptions import ConnectionClosed

from core.processes import stop
from tests.live.people import LiveSocket, Person
from tests.stack import Stack, wait_until


class Raters:
    """People who rate a recipe over and over, each with a score of its own turn, and remember what was acknowledged."""

    def __init__(self, people: list[Person], recipe: int) -> None:
        self.people = people
        self.recipe = recipe
        self.acknowledged = 0
        self.last: dict[str, int] = {}
        self._stop = threading.Event()
        self._lock = threading.Lock()

    @contextmanager
    def at_work(self) -> Iterator[None]:
        threads = [threading.Thread(target=self._rate, args=(person,)) for person in self.people]
        for thread in threads:
            thread.start()
        try:
            yield
        finally:
            self._stop.set()
            for thread in threads:
                thread.join()

    def more(self, count: int) -> None:
        """Returns when COUNT more ratings were acknowledged."""
        goal = self.acknowledged + count
        wait_until(lambda: self.acknowledged >= goal, what=f"{count} more ratings", seconds=60)

    def _rate(self, person: Person) -> None:
        score = 1
        while not self._stop.is_set():
            try:
                answer = person.rest.post(f"/api/recipes/{self.recipe}/rate/", json={"score": score})
            except httpx.TransportError:
                # The server is down; it may have stored this or not. The same once more, as a second event of the
                # same score does not exist.
                continue
            if answer.status_code in (200, 201):
                with self._lock:
                    self.acknowledged += 1
                    self.last[person.username] = score
                score = score % 5 + 1
            else:
                assert answer.status_code == 503, answer.text


def kill_under_load(stack: Stack, name: str, *, times: int) -> None:
    seller = Person(stack, role="seller")
    recipe = seller.publish()
    raters = Raters([Person(stack) for _ in range(4)], recipe)
    with LiveSocket(stack) as socket:
        start = socket.subscribe(f"recipe:{recipe}")
    with raters.at_work():
        for _ in range(times):
            raters.more(10)
            stack.kill(name)
            if name == "relay":
                raters.more(10)
            stack.start(name)
        stack.wait_ready()
        raters.more(10)
    head = wait_until(lambda: _settled(stack, recipe), what="the relay to number all")
    with LiveSocket(stack) as socket:
        result = socket.subscribe(f"recipe:{recipe}", recover=True, epoch=start["epoch"], offset=start["offset"])
    events = result["publications"]
    assert result["recovered"]
    assert [event["offset"] for event in events] == list(range(1, head + 1))
    # Every acknowledged rating has an event; those whose answer was lost may have one too.
    assert len(events) >= raters.acknowledged
    last_events = {event["data"]["actor"]["username"]: event["data"]["score"] for event in events}
    stored = dict(
        stack.query(
            "SELECT u.username, r.score FROM recipes_rating r JOIN accounts_user u ON u.id = r.user_id"
            " WHERE r.recipe_id = %s",
            recipe,
        )
    )
    assert last_events == stored
    shown = seller.call("GET", f"/api/recipes/{recipe}/", 200)
    assert shown["rating_count"] == len(stored)
    assert shown["avg_rating"] == pytest.approx(sum(stored.values()) / len(stored), abs=0.005)
    if name == "relay":
        # Nobody lost an answer, so the counts agree to the one.
        assert len(events) == raters.acknowledged and stored == raters.last


def _settled(stack: Stack, recipe: int) -> int:
    ((waiting, head),) = stack.query(
        'SELECT count(*) FILTER (WHERE "offset" IS NULL), max("offset") FROM realtime_streamevent WHERE channel = %s',
        f"recipe:{recipe}",
    )
    return int(head) if not waiting else 0


@pytest.mark.parametrize("name", ["relay", "web"])
def test_a_killed_process_loses_no_acknowledged_rating(stack: Stack, name: str) -> None:
    kill_under_load(stack, name, times=2)


@pytest.mark.faults
@pytest.mark.parametrize("name", ["relay", "web"])
def test_fifty_kills_lose_no_acknowledged_rating(stack: Stack, name: str) -> None:
    kill_under_load(stack, name, times=50)


def test_a_server_that_is_stopped_tells_its_sockets_to_come_again(stack: Stack) -> None:
    with LiveSocket(stack) as socket:
        stop(stack.processes.pop("web"))
        with pytest.raises(ConnectionClosed) as closed:
            while True:
                socket.read()
        assert closed.value.rcvd is not None and closed.value.rcvd.code == 3001
