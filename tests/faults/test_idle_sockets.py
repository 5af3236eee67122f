"""Sockets that have nothing to do stay open: nobody in between takes their silence for death."""

import time

import pytest

from tests.faults.deployment import Deployment
from tests.faults.load import Load, load_on
from tests.stack import wait_until


def assert_open(load: Load, sockets: int) -> None:
    state = load.ask("state")
    assert (state["open"], state["disconnections"], state["faults"]) == (sockets, 0, {})


def test_idle_sockets_are_pinged_in_turn_and_stay_open(deployment: Deployment) -> None:
    with load_on(deployment, sockets=200, writing=False) as load:
        wait_until(lambda: load.ask("state")["pinged"] >= 30, what="a ping to thirty of them")
        assert_open(load, 200)


@pytest.mark.faults
def test_2000_idle_sockets_stay_open_for_ten_minutes(deployment: Deployment) -> None:
    with load_on(deployment, sockets=2_000, writing=False) as load:
        time.sleep(600)
        assert_open(load, 2_000)
        state = load.ask("state")
        # Ten minutes are 24 pings; 23 when the first one was just missed.
        assert state["pings"] >= 2_000 * 23
        print(f"2,000 sockets, 600 s, {state['pings']} pings answered, {state['disconnections']} closed")
