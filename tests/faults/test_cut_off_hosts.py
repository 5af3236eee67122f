"""Past one machine: two web hosts, a standby relay on a third, a Redis on each of two more; one of them is cut off."""

import os
import secrets
import signal
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from core.processes import bound
from tests import services
from tests.faults.deployment import RELAYS, WEBS, Deployment
from tests.faults.load import load_on
from tests.faults.network import Network, why_impossible
from tests.stack import wait_until

pytestmark = [
    pytest.mark.faults,
    pytest.mark.skipif(bool(why_impossible()), reason=why_impossible()),
]

# On which host what runs. The database is on the machine that holds them all.
PLACES = {"web-1": "left", "relay-1": "left", "web-2": "right", "relay-2": "third"}
REDIS_HOSTS = ("redis-1", "redis-2")
SOCKETS = 200
# An answer that is lost in the network may come true later, so only what has an Idempotency-Key is done exactly once.
KINDS = ["comment"]


class SpreadDeployment(Deployment):
    """Each process on the host of its place."""

    def __init__(self, network: Network, folder: Path, *, database_server: str, redis_urls: list[str]) -> None:
        addresses = {host: network.add_host(host) for host in dict.fromkeys(PLACES.values())}
        super().__init__(
            folder,
            database_server=database_server,
            redis_url=redis_urls[1],
            BUS_REDIS_URLS=",".join(redis_urls),
            ALLOWED_HOSTS=",".join(addresses.values()),
        )
        self.network = network
        self.hosts = {web: (addresses[PLACES[web]], 8000) for web in WEBS}

    def ensure_running(self) -> None:
        if RELAYS[0] not in self.processes:
            self.start(RELAYS[0])
            wait_until(self.working_relay, what="the first relay at work")
        super().ensure_running()

    def command_prefix(self, name: str) -> list[str]:
        return self.network.on(PLACES[name])


def start_redis(network: Network, host: str, folder: Path) -> tuple[services.Server, str]:
    found = services._redis_program()
    assert found is not None
    address, password = network.add_host(host), secrets.token_hex(16)
    config = f'bind {address}\nport 6379\nrequirepass {password}\nsave ""\nappendonly no\n'
    command = bound([*network.on(host), found[0], "-"])
    server = services.Server(host, command, folder, signum=signal.SIGTERM, stdin=config.encode())
    url = f"redis://:{password}@{address}:6379/0"
    server.wait(url)
    return server, url


@pytest.fixture
def network() -> Iterator[Network]:
    with Network() as network:
        yield network


@pytest.fixture
def deployment(network: Network) -> Iterator[SpreadDeployment]:
    folder = Path(os.environ[services.FOLDER]) / f"network-{services.worker_number()}-{secrets.token_hex(4)}"
    folder.mkdir(mode=0o711)
    rules = folder / "hba.conf"
    rules.write_text(f"host all all 127.0.0.1/32 password\nhost all all {network.address}/24 password\n")
    with ExitStack() as stack:
        database, url, _ = services.start_postgresql(
            folder, listen_addresses=f"127.0.0.1,{network.address}", hba_file=str(rules)
        )
        stack.callback(database.stop)
        redis_urls = []
        for host in REDIS_HOSTS:
            server, redis_url = start_redis(network, host, folder)
            stack.callback(server.stop)
            redis_urls.append(redis_url)
        deployment = SpreadDeployment(
            network, folder, database_server=url.replace("127.0.0.1", network.address), redis_urls=redis_urls
        )
        stack.callback(deployment.destroy)
        deployment.create()
        yield deployment


def test_a_web_host_with_the_working_relay_is_cut_off(deployment: SpreadDeployment) -> None:
    with load_on(deployment, sockets=SOCKETS, kinds=KINDS) as load:
        load.more(50)
        deployment.network.cut("left")
        wait_until(lambda: _has_started(deployment, "relay-2"), seconds=5, what="the takeover by the third host")
        load.more(50)
        deployment.network.mend("left")
        assert deployment.processes.pop("relay-1").wait(60) == 1, "a relay that has lost its lock ends"
        deployment.start("relay-1")
        deployment.wait_ready()
        load.more(50)
        print(load.assert_nothing_lost(seconds=90))


def test_a_redis_of_the_bus_is_cut_off(deployment: SpreadDeployment) -> None:
    with load_on(deployment, sockets=SOCKETS, kinds=KINDS) as load:
        load.more(50)
        deployment.network.cut("redis-1")
        load.more(50)
        # Half of the channels live on, the other half is read from the store.
        load.wait_caught_up(seconds=10)
        load.more(50)
        deployment.network.mend("redis-1")
        load.more(50)
        state = load.assert_nothing_lost(seconds=10)
    assert (state["disconnections"], state["refusals"], state["lost"]) == (0, {}, {})
    print(state)


def _has_started(deployment: Deployment, relay: str) -> bool:
    return "relay.started" in deployment.log(relay, lines=10_000)
