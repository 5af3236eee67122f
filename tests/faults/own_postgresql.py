"""A private PostgreSQL that syncs: a test can kill it with unwritten commits, copy it, and promote the copy."""

import os
import shutil
import signal
import subprocess
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any, cast
from urllib.parse import urlsplit, urlunsplit

import psycopg2

from tests import services
from tests.faults.wire import Wire
from tests.stack import wait_until


class OwnPostgresql:
    """A running server. `url` names its database `postgres`."""

    def __init__(self, folder: Path, server: services.Server, url: str) -> None:
        self.folder, self.url = folder, urlunsplit(urlsplit(url)._replace(path="/postgres"))
        self._server = server
        # Popen declares a wider type.
        self._command = cast(list[str], server.process.args)

    @classmethod
    def create(cls, folder: Path, **options: str) -> "OwnPostgresql":
        folder.mkdir(parents=True)
        folder.chmod(0o711)  # another user's server passes through it to its own folder
        server, url, _ = services.start_postgresql(folder, durable=True, **options)
        return cls(folder, server, url)

    @property
    def port(self) -> int:
        port = urlsplit(self.url).port
        assert port is not None
        return port

    @property
    def data(self) -> Path:
        return self.folder / "postgresql" / "data"

    def program(self, name: str) -> str:
        """The path of another program of the same release."""
        (postgres,) = (part for part in self._command if Path(part).name == "postgres")
        return str(Path(postgres).with_name(name))

    def query(self, sql: str, *parameters: Any) -> list[tuple[Any, ...]]:
        with closing(psycopg2.connect(self.url)) as connection:
            connection.autocommit = True
            with connection.cursor() as cursor:
                cursor.execute(sql, parameters)
                return list(cursor.fetchall()) if cursor.description else []

    def start(self) -> None:
        self._server = services.Server("PostgreSQL", self._command, self.folder, signum=signal.SIGQUIT)
        self._server.wait(self.url)

    def stop(self) -> None:
        """Fast shutdown: the server writes everything and sends it to its standbys."""
        self._server.process.send_signal(signal.SIGINT)
        self._server.process.wait(60)

    def write_nothing_more(self) -> None:
        """Write everything to disk, then stop the walwriter: later commits reach the disk only by a flush."""
        self.query("CHECKPOINT")
        ((pid,),) = self.query("SELECT pid FROM pg_stat_activity WHERE backend_type = 'walwriter'")
        os.kill(pid, signal.SIGSTOP)

    def kill(self) -> None:
        """kill -9 all its processes: WAL in shared memory is lost."""
        pid = self._server.process.pid
        family = [pid, *_children(pid)]
        for member in family:
            os.kill(member, signal.SIGKILL)
        self._server.process.wait()
        wait_until(lambda: not any(_alive(member) for member in family), what="the end of all its processes")

    def end(self) -> None:
        if self._server.process.poll() is None:
            self.kill()

    @contextmanager
    def standby(self, folder: Path, port: int) -> Iterator[tuple["OwnPostgresql", Wire]]:
        """A streaming standby on `port`, and the wire of its replication. Restarts this server, to copy its files."""
        self.stop()
        folder.mkdir(parents=True)
        folder.chmod(0o711)
        # With its owner: the server may be another user's.
        subprocess.run(["cp", "-a", str(self.folder / "postgresql"), str(folder)], check=True)
        self.start()
        with Wire(self.url) as wire:
            data, parts = folder / "postgresql" / "data", urlsplit(wire.url)
            shutil.copy2(data / "PG_VERSION", data / "standby.signal")
            shutil.copystat(data / "PG_VERSION", data / "standby.signal")
            _give(data / "standby.signal", like=data)
            source = f"host=127.0.0.1 port={parts.port} user={parts.username} password={parts.password}"
            options = {"port": str(port), "primary_conninfo": source, "wal_receiver_status_interval": "1s"}
            command = [part.replace(str(self.folder), str(folder)) for part in self._command]
            command += [part for name, value in options.items() for part in ("-c", f"{name}={value}")]
            url = self.url.replace(f":{self.port}/", f":{port}/")
            server = services.Server("PostgreSQL", command, folder, signum=signal.SIGQUIT)
            server.wait(url)
            yield OwnPostgresql(folder, server, url), wire

    def wait_for_replay(self, primary: "OwnPostgresql") -> None:
        """Return when this standby has replayed everything that `primary` has written so far."""
        ((position,),) = primary.query("SELECT pg_current_wal_flush_lsn()")
        wait_until(
            lambda: self.query("SELECT pg_last_wal_replay_lsn() >= %s", position) == [(True,)], what="the standby"
        )

    def promote(self) -> None:
        assert self.query("SELECT pg_promote()") == [(True,)]


def _children(pid: int) -> list[int]:
    found = []
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            # Behind the name, which may hold anything: the state and the parent.
            parent = stat.read_text().rpartition(")")[2].split()[1]
        except (FileNotFoundError, ProcessLookupError):
            continue
        if int(parent) == pid:
            found.append(int(stat.parent.name))
    return found


def _alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False


def _give(path: Path, *, like: Path) -> None:
    status = like.stat()
    if status.st_uid != os.geteuid():
        os.chown(path, status.st_uid, status.st_gid)
