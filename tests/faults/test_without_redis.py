"""Redis is away under load: nobody's write is refused, no socket is dropped, and everybody catches up."""

import time

import pytest

from tests.faults.deployment import Deployment
from tests.faults.load import load_on
from tests.realtime.own_redis import OwnRedis


@pytest.mark.parametrize("how", ["killed", "frozen"])
@pytest.mark.parametrize(("seconds", "sockets"), [(3, 40), pytest.param(20, 1_000, marks=pytest.mark.faults)])
def test_without_redis_nothing_is_refused_lost_or_dropped(
    deployment: Deployment, faults_redis: OwnRedis, seconds: int, sockets: int, how: str
) -> None:
    """Each request is counted by a limit, which asks Redis: one that is frozen takes connections and never answers."""
    take_away = faults_redis.kill if how == "killed" else faults_redis.freeze
    bring_back = faults_redis.start if how == "killed" else faults_redis.thaw
    with load_on(deployment, sockets=sockets) as load:
        load.more(20)
        take_away()
        try:
            time.sleep(seconds)  # which is what the test is about: an outage of that length
            load.more(20)
            load.wait_caught_up(seconds=10)  # by the store alone
        finally:
            bring_back()
        back = time.monotonic()
        load.wait_caught_up(seconds=10)
        caught_up = time.monotonic() - back
        load.more(20)
        state = load.assert_nothing_lost(seconds=10)
    assert (state["disconnections"], state["refusals"], state["lost"]) == (0, {}, {})
    print(
        f"{seconds} s without Redis ({how}): {state['acknowledged']} writes acknowledged, none refused or lost; no"
        f" socket of {sockets} dropped; all at the head {caught_up:.1f} s after its return"
    )
