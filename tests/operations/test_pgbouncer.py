"""Web servers behind PgBouncer, which gives each transaction any of a few sessions; the relay beside it."""

import os
import shutil
import subprocess
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from urllib.parse import urlsplit

import psycopg2
import pytest

from core.processes import bound, free_port, stop
from tests import services
from tests.live.people import LiveSocket, Person
from tests.live.servers import second_server
from tests.stack import Stack, wait_until

SESSIONS = 3


@pytest.fixture
def pooled(stack: Stack, tmp_path: Path) -> Iterator[str]:
    """The stack's database through PgBouncer: its URL."""
    program = shutil.which("pgbouncer") or shutil.which("pgbouncer", path="/usr/sbin")
    if program is None:
        pytest.skip("pgbouncer is not installed: apt install pgbouncer, or run .ci/run")
    server, port = urlsplit(stack.database_url), free_port()
    config = tmp_path / "pgbouncer.ini"
    password = f" password={server.password}" if server.password else ""
    config.write_text(
        f"[databases]\n{stack.database} = host={server.hostname} port={server.port} user={server.username}{password}\n"
        f"[pgbouncer]\nlisten_addr = 127.0.0.1\nlisten_port = {port}\nauth_type = any\nunix_socket_dir =\n"
        f"pool_mode = transaction\ndefault_pool_size = {SESSIONS}\n"
    )
    # It refuses to run as root.
    prefix = services._without_root(Path(program).parent, tmp_path)[1] if os.geteuid() == 0 else []
    config.chmod(0o644)
    process = subprocess.Popen(bound([*prefix, program, str(config)]), start_new_session=True)

    url = f"postgresql://{server.username}@127.0.0.1:{port}/{stack.database}"

    def answers() -> bool:
        assert process.poll() is None
        try:
            psycopg2.connect(url).close()
        except psycopg2.OperationalError:
            return False
        return True

    try:
        wait_until(answers, what="pgbouncer")
        yield url
    finally:
        stop(process, grace=1)


def test_requests_share_a_few_sessions_and_their_events_arrive(stack: Stack, pooled: str) -> None:
    with second_server(stack, DATABASE_URL=pooled, PREPARED_STATEMENTS="off", WEB_THREADS="8") as web:
        seller, raters = Person(stack, role="seller"), [Person(stack) for _ in range(6)]
        for person in (seller, *raters):
            person.rest.base_url = web.url
        recipe = seller.publish()
        with LiveSocket(stack, url=web.ws_url) as socket:
            socket.subscribe(f"recipe:{recipe}")
            with ThreadPoolExecutor(len(raters)) as threads:
                list(threads.map(lambda person: person.rate(recipe, 4), raters))
                lists = list(threads.map(lambda person: person.call("GET", "/api/feed/", 200), raters))
            assert len(lists) == len(raters)
            offsets = [socket.publication(f"recipe:{recipe}")["offset"] for _ in raters]
        assert offsets == list(range(1, len(raters) + 1))
        read = seller.call("GET", f"/api/recipes/{recipe}/", 200)
        assert (read["rating_count"], read["avg_rating"]) == (6, 4)
