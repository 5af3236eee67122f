"""Each program of examples/, as it stands, against the real stack: signs in, follows, and misses nothing."""

import os
import queue
import re
import shutil
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

from core.demo import DEMO_PASSWORD, DEMO_PEOPLE
from core.processes import bound
from tests.live.people import PASSWORD, Person
from tests.services import ROOT
from tests.stack import Stack

EXAMPLES = ROOT / "examples"
MODULES = ROOT / "tests/node/node_modules"
SECONDS = 40

needs_node = pytest.mark.skipif(
    shutil.which("node") is None or not (MODULES / "centrifuge").is_dir(),
    reason="needs Node.js 20 and `npm ci --prefix tests/node`",
)
needs_curl = pytest.mark.skipif(not (shutil.which("curl") and shutil.which("jq")), reason="needs curl and jq")
PROGRAMS = [
    pytest.param("follow_centrifuge.mjs", marks=needs_node),
    "follow_centrifuge.py",
    "follow_websocket.py",
    pytest.param("follow_events.sh", marks=needs_curl),
]
RUN_BY = {".mjs": "node", ".py": sys.executable, ".sh": "bash"}


class Program:
    """A running example; its lines, as they come."""

    def __init__(self, process: "subprocess.Popen[str]") -> None:
        self.process = process
        self._lines: queue.Queue[str] = queue.Queue()
        self._reader = threading.Thread(target=self._read)
        self._reader.start()

    def _read(self) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self._lines.put(line.strip())

    def close(self) -> None:
        self._reader.join()
        assert self.process.stdout is not None
        self.process.stdout.close()

    def line(self) -> str:
        return self._lines.get(timeout=SECONDS)

    def following(self) -> None:
        line = self.line()
        assert line.startswith("following"), line

    def ratings(self, count: int) -> list[str]:
        """The next COUNT lines that tell of a rating."""
        found: list[str] = []
        while len(found) < count:
            line = self.line()
            if not line.startswith("following"):
                found.append(line)
        return found


@contextmanager
def running(name: str, *arguments: str, stack: Stack, person: Person, folder: Path, url: str = "") -> Iterator[Program]:
    # Node looks for modules beside the program.
    path = Path(shutil.copy(EXAMPLES / name, folder))
    (folder / "node_modules").symlink_to(MODULES)
    process = subprocess.Popen(
        bound([RUN_BY[path.suffix], str(path), *arguments]),
        env={
            **os.environ,
            "SIMMER_URL": url or stack.url,
            "SIMMER_USERNAME": person.username,
            "SIMMER_PASSWORD": PASSWORD,
        },
        stdout=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    program = Program(process)
    try:
        yield program
    finally:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        program.close()


def rated_meanwhile(stack: Stack, recipe: int) -> None:
    """An event as a service records it, while there is no web server."""
    stack.query(
        "INSERT INTO realtime_streamevent (channel, type, data, created_at) VALUES (%s, 'rating.created',"
        """ '{"type": "rating.created", "avg_rating": 4.5, "rating_count": 2}', now())""",
        f"recipe:{recipe}",
    )


@pytest.mark.parametrize("name", PROGRAMS)
def test_it_hears_every_rating_once_though_the_server_was_killed(
    stack: Stack, seller: Person, customer: Person, tmp_path: Path, name: str
) -> None:
    recipe = seller.publish()
    with running(name, str(recipe), stack=stack, person=seller, folder=tmp_path) as program:
        program.following()
        customer.rate(recipe, 5)
        assert program.ratings(1) == ["1 rating.created: 5 of 1"]
        stack.kill("web")
        rated_meanwhile(stack, recipe)
        stack.start("web")
        stack.wait_ready()
        customer.rate(recipe, 3, 200)
        assert program.ratings(2) == ["2 rating.created: 4.5 of 2", "3 rating.updated: 3 of 1"]


@pytest.mark.parametrize("name", PROGRAMS)
def test_a_recipe_that_there_is_not_ends_it(stack: Stack, seller: Person, tmp_path: Path, name: str) -> None:
    with running(name, "999999999", stack=stack, person=seller, folder=tmp_path) as program:
        program.process.wait(SECONDS)


@pytest.mark.parametrize("name", PROGRAMS)
def test_it_signs_in_before_it_opens_a_socket(stack: Stack, seller: Person, tmp_path: Path, name: str) -> None:
    """A socket that is open while a slow machine hashes the password is closed as stale (3502)."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(SECONDS)
        url = f"http://127.0.0.1:{server.getsockname()[1]}"
        with running(name, "1", stack=stack, person=seller, folder=tmp_path, url=url):
            connection, _ = server.accept()
            with connection, connection.makefile() as request:
                connection.settimeout(SECONDS)
                assert request.readline().startswith("POST /api/auth/token/ ")


def test_the_readme_signs_in_as_somebody_whom_make_run_brings() -> None:
    readme = (EXAMPLES / "README.md").read_text()
    assert f"SIMMER_USERNAME={DEMO_PEOPLE['customer']} SIMMER_PASSWORD={DEMO_PASSWORD}\n" in readme


def test_no_example_is_left_out() -> None:
    tested = {getattr(program, "values", [program])[0] for program in PROGRAMS}
    # Those that upload are run by tests/media_pipeline/uploads, pages by tests/browser, others by a file of their own.
    left = {path.name for path in EXAMPLES.iterdir()} - {"README.md", *tested}
    folders = [Path(__file__).parent, ROOT / "tests/media_pipeline/uploads", ROOT / "tests/browser"]
    told = "".join(path.read_text() for folder in folders for path in folder.rglob("*.py"))
    assert [name for name in left if not re.search(rf'["/]{re.escape(name)}\b', told)] == []
