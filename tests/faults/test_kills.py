"""kill -9 of servers and relays at random moments, under load: acknowledged = stored = received."""

import random
import time

import pytest

from tests.faults.deployment import WEBS, Deployment
from tests.faults.load import load_on
from tests.stack import wait_until


@pytest.mark.parametrize(("kills", "sockets"), [(3, 40), pytest.param(50, 1_000, marks=pytest.mark.faults)])
def test_killed_servers_and_relays_lose_nothing(deployment: Deployment, kills: int, sockets: int) -> None:
    seed = random.randrange(2**32)
    print(f"the moments of the seed {seed}")
    chance = random.Random(seed)
    # Each at least once, however few.
    victims = [*WEBS, "relay"] + [chance.choice([*WEBS, "relay", "relay"]) for _ in range(kills - 3)]
    chance.shuffle(victims)
    began = time.monotonic()
    with load_on(deployment, sockets=sockets, rate=20 + sockets / 50) as load:
        for victim in victims:
            # No condition: any moment may be the wrong one, and so is that at which it comes back.
            time.sleep(chance.uniform(0.1, 1.5))
            name = victim
            if victim == "relay":
                name = wait_until(deployment.working_relay, what="a relay at work")
            deployment.kill(name)
            time.sleep(chance.uniform(0, 0.5))
            deployment.start(name)
            deployment.wait_ready()
        load.more(20)
        state = load.assert_nothing_lost()
    assert state["open"] == sockets
    print(
        f"{kills} kills in {time.monotonic() - began:.0f} s ({sorted(set(victims))}): {state['acknowledged']} writes"
        f" acknowledged, all stored and received by {sockets} sockets, which came back {state['disconnections']} times;"
        f" answers lost {state['lost']}, refused {state['refusals']}"
    )
