"""PostgreSQL crashes with unwritten commits; a standby that lacks commits is promoted; a dump is restored.

No client continues from an offset that belongs to another event: either no offset is lost, or a new epoch begins.
"""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import pytest

from core.processes import free_port
from tests import services
from tests.faults.deployment import RELAYS, WEBS, Deployment
from tests.faults.listener import Listener
from tests.faults.own_postgresql import OwnPostgresql
from tests.live.people import LiveSocket, Person
from tests.realtime.own_redis import OwnRedis
from tests.realtime.relay_process import SECONDS, RelayProcess
from tests.stack import wait_until

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")

# WAL reaches the disk by a flushing commit or by the walwriter, which `write_nothing_more` stops.
ASYNCHRONOUS = {"synchronous_commit": "off", "bgwriter_lru_maxpages": "0", "wal_buffers": "16MB"}


class Site(Deployment):
    """A deployment that connects to the primary of two database servers."""

    def __init__(self, folder: Path, *, redis_url: str) -> None:
        self.primary = OwnPostgresql.create(folder / "server-1", **ASYNCHRONOUS)
        self.ports = (self.primary.port, free_port())
        super().__init__(folder / "site", database_server=self.primary.url, redis_url=redis_url)
        parts = urlsplit(self.primary.url)
        self.env |= {
            "DATABASE_URL": "",
            "DATABASE_NAME": self.database,
            "DATABASE_USER": parts.username or "",
            "DATABASE_PASSWORD": parts.password or "",
            "DATABASE_HOST": ",".join([parts.hostname or ""] * 2),
            "DATABASE_PORT": ",".join(map(str, self.ports)),
            "PGTARGETSESSIONATTRS": "read-write",
        }
        self.url, self.ws_url = self.url_of(WEBS[0]), self.socket_of(WEBS[0])

    def socket_of(self, web: str) -> str:
        return self.url_of(web).replace("http", "ws") + "/ws/"

    def fail_over(self, server: OwnPostgresql) -> None:
        self.primary = server
        self.database_url = self.url_on(server)

    def url_on(self, server: OwnPostgresql) -> str:
        return urlunsplit(urlsplit(server.url)._replace(path=f"/{self.database}"))

    def start_relays_anew(self) -> None:
        """Restart the relays, which ended when they lost their sessions, as a supervisor does."""
        for name in RELAYS:
            assert self.processes[name].wait(SECONDS) == 1, self.log(name)
            self.kill(name)
            self.start(name)
        self.wait_ready()

    def epoch(self) -> str:
        ((value,),) = self.query("SELECT value FROM realtime_epoch")
        return str(value)


@pytest.fixture(scope="module")
def whole_site(faults_redis: OwnRedis) -> Iterator[Site]:
    folder = Path(os.environ[services.FOLDER]) / f"lost-commits-{services.worker_number()}"
    folder.mkdir()
    folder.chmod(0o711)
    site = Site(folder, redis_url=faults_redis.url)
    try:
        site.create()
        yield site
    finally:
        for name in tuple(site.processes):
            site.kill(name)
        site.primary.end()


@pytest.fixture
def site(whole_site: Site) -> Site:
    whole_site.ensure_running()
    return whole_site


@pytest.fixture
def seller(site: Site) -> Iterator[Person]:
    yield Person(site, role="seller")
    while Person.clients:
        Person.clients.pop().close()


def publish(seller: Person, count: int) -> list[int]:
    return [seller.publish(name=f"Soup no. {number}") for number in range(count)]


def recipes_in(publications: list[dict[str, Any]]) -> list[int]:
    return [pub["data"]["recipe_id"] for pub in publications]


def offsets_in(publications: list[dict[str, Any]]) -> list[int]:
    return [pub["offset"] for pub in publications]


def test_a_crash_of_postgresql_loses_no_offset_that_anybody_was_given(site: Site, seller: Person) -> None:
    socket = LiveSocket(site)
    start = socket.subscribe("recipes")
    first = start["offset"] + 1
    with Listener(socket) as listener:
        kept = publish(seller, 3)
        listener.publications(3)
        site.primary.write_nothing_more()
        unwritten = publish(seller, 4)
        assert offsets_in(listener.publications(7)) == list(range(first, first + 7))

        site.primary.kill()
        site.primary.start()
        site.start_relays_anew()
        new = publish(seller, 1)

        received = listener.publications(8)
        assert listener.code is None, listener.code
        assert offsets_in(received) == list(range(first, first + 8))
        assert recipes_in(received) == [*kept, *unwritten, *new]
    for recipe in unwritten:
        seller.call("GET", f"/api/recipes/{recipe}/", 200)
    stored = site.stored("recipes")[first - 1 :]
    assert stored == [(pub["offset"], pub["data"]) for pub in received]
    assert site.epoch() == start["epoch"]
    with LiveSocket(site, url=site.socket_of(WEBS[1])) as returning:
        result = returning.subscribe("recipes", recover=True, epoch=start["epoch"], offset=first + 6)
        assert result["recovered"] and recipes_in(result["publications"]) == new


def test_a_promoted_standby_that_lacks_events_begins_a_new_epoch(site: Site, seller: Person, tmp_path: Path) -> None:
    (port,) = set(site.ports) - {site.primary.port}
    old = site.primary
    with old.standby(old.folder.with_name("server-2"), port) as (standby, wire):
        site.start_relays_anew()
        socket = LiveSocket(site)
        start = socket.subscribe("recipes")
        with Listener(socket) as listener:
            kept = publish(seller, 3)
            listener.publications(3)
            standby.wait_for_replay(old)
            with RelayProcess(tmp_path, DATABASE_URL=site.url_on(standby)) as relay:
                assert relay.process.wait(SECONDS) == 1, "a relay works on a standby"
                assert "relay.started" not in relay.log

            wire.cut()
            publish(seller, 4)
            seen = offsets_in(listener.publications(7))[-1]
            old.kill()
            standby.promote()
            site.fail_over(standby)
            assert offset_of(site) == seen - 4

            # Before a relay has compared the origin: the position is above the head.
            with LiveSocket(site, url=site.socket_of(WEBS[1])) as hasty:
                result = hasty.subscribe("recipes", recover=True, epoch=start["epoch"], offset=seen)
                assert not result["recovered"] and result["offset"] == seen - 4
            site.start_relays_anew()
            assert listener.closed() == 3010
            assert recipes_in(listener.publications(3))[:3] == kept
    assert site.epoch() != start["epoch"]
    # The head passes the client's offset, so only the epoch tells that the client missed events.
    between = Person(site, role="seller")
    renumbered = publish(between, 5)
    wait_until(lambda: offset_of(site) == seen + 1, what="their numbers")
    for web in WEBS:
        returning = LiveSocket(site, url=site.socket_of(web))
        result = returning.subscribe("recipes", recover=True, epoch=start["epoch"], offset=seen)
        assert result["was_recovering"] and not result["recovered"] and result["publications"] == []
        assert (result["epoch"], result["offset"]) == (site.epoch(), offset_of(site))
        with Listener(returning) as listener:
            new = publish(between, 2)
            assert recipes_in(listener.publications(2)) == new
    assert [offset for offset, _ in site.stored("recipes")] == list(range(1, seen + 1 + 5))
    assert [data["recipe_id"] for _, data in site.stored("recipes")][seen - 4 : seen + 1] == renumbered


def offset_of(site: Site) -> int:
    return site.heads("recipes")["recipes"]


def test_a_restored_dump_begins_a_new_epoch_and_a_relay_that_starts_again_does_not(site: Site, tmp_path: Path) -> None:
    """On the same server, where its identifier and its timeline are as they were."""
    before, server = site.epoch(), site.primary
    dump, restored = tmp_path / "dump", urlunsplit(urlsplit(server.url)._replace(path="/restored"))
    subprocess.run([server.program("pg_dump"), "-Fc", "-f", str(dump), site.url_on(server)], check=True)
    server.query("CREATE DATABASE restored")
    subprocess.run([server.program("pg_restore"), "-d", restored, str(dump)], check=True)
    epochs = []
    for number in range(2):
        with RelayProcess(tmp_path, name=f"relay-{number}", DATABASE_URL=restored) as relay:
            relay.wait_for("relay.started")
            assert relay.terminate() == 0
            epochs.append("relay.new_epoch" in relay.log)
    assert epochs == [True, False]
    assert site.epoch() == before
