"""kill -9 in the middle of writes: what was acknowledged is stored, and has its event, in order, without a gap."""

import pytest
from websockets.exceptions import ConnectionClosed

from core.processes import stop
from tests.live.people import LiveSocket, Person
from tests.live.raters import Raters
from tests.stack import Stack, wait_until


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
