"""Uploads: chunks taken in beside bodies discarded, what that takes of CPU and memory, what a drop costs, the end."""

import contextlib
import http.client
import json
import re
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from benchmarks.machine import OTHER_CORES, Usage, cpu_seconds, resident_kb
from benchmarks.servers import Services, WebServer

CONNECTIONS = 4
CHUNK = 4 * 1024 * 1024
GB = 1e9
LABELS = {
    "discard": "Daphne, discarding the body",
    "multipart": "stock DRF, multipart, to a file",
    "chunks": "Simmer, chunks",
    "tus": "Simmer, tus",
}
_BOUNDARY = "benchmark"
_PREFIX = f'--{_BOUNDARY}\r\nContent-Disposition: form-data; name="file"; filename="a.mp4"\r\n\r\n'
_SUFFIX = f"\r\n--{_BOUNDARY}--\r\n"


def measure(services: Services, *, repeats: int, megabytes: int, say: Callable[[str], None]) -> dict[str, Any]:
    """{"ingest": {system: runs}, "memory": {...}, "resent": {...}, "finalize": {...}}."""
    services.execute("postgres", "CREATE DATABASE simmer_media")
    env = services.simmer_env(
        DATABASE_URL=services.database("simmer_media"),
        DEV_DIR=str(services.folder / "media"),
        UPLOAD_QUOTA_BYTES="off",
        UPLOAD_UNCONFIRMED_BYTES="off",
    )
    folder = services.folder / "stock-uploads"
    services.run("manage.py", "migrate", "-v0", env=env)
    runs: dict[str, list[dict[str, float]]] = {system: [] for system in LABELS}
    with contextlib.ExitStack() as stack:
        servers = {
            "discard": stack.enter_context(services.discard()),
            "multipart": stack.enter_context(services.stock(UPLOAD_FOLDER=str(folder))),
        }
        servers["chunks"] = servers["tus"] = stack.enter_context(services.simmer("simmer-media", **env))
        person = Person(servers["chunks"])
        heads = {
            "discard": nothing,
            "multipart": lambda count: forms(count, folder),
            "chunks": person.chunks,
            "tus": person.tus,
        }
        count = megabytes // 4
        for repeat in range(1, repeats + 1):
            for system in LABELS:
                # Right after one that is not counted: a virtual machine gives free memory back to its host within
                # seconds, and who touches it again pays for that (twice the CPU of a chunk, where it was seen).
                _ingest(services, servers[system], system, heads[system], count=count)
                run = _ingest(services, servers[system], system, heads[system], count=count)
                runs[system].append(run)
                say(
                    f"  [{repeat}/{repeats}] {LABELS[system]:32} {run['mb_per_second']:6.0f} MB/s"
                    f"   {run['cpu_per_gb']:5.2f} CPU s/GB   server {run['server']:.0%}   others {run['others']:.0%}"
                )
        memory = {name: _memory(services, servers["chunks"], person, size) for name, size in SIZES.items()}
        say(f"  memory: {memory}")
        resent = _resent(servers["chunks"], person)
        say(f"  sent again after {resent['drops']} drops: {resent['chunks_per_drop']:.2f} chunks each")
        env |= {"OWNER": str(person.id), "PYTHONPATH": services.base["PYTHONPATH"]}
        finalize = json.loads(services.run("-m", "benchmarks.finalizing", env=env, cores=OTHER_CORES))
        say(f"  finalize: {finalize}")
    return {"ingest": runs, "memory": memory, "resent": resent, "finalize": finalize}


# By which memory is told to depend on the size of a file, or not.
SIZES = {"64 MiB": 16, "1 GiB": 256}


def _ingest(
    services: Services, server: WebServer, system: str, heads: Callable[[int], Any], *, count: int
) -> dict[str, float]:
    """COUNT bodies of a chunk each."""
    is_form = system == "multipart"
    with heads(count) as requests:
        spec = {
            "port": server.port,
            "connections": CONNECTIONS,
            "heads": requests,
            "size": CHUNK,
            "prefix": _PREFIX if is_form else "",
            "suffix": _SUFFIX if is_form else "",
        }
        usage, cpu = Usage(server.pid), cpu_seconds(server.pid)
        usage.start()
        found = json.loads(
            services.run("-m", "benchmarks.upload_client", env=services.base, cores=OTHER_CORES, text=json.dumps(spec))
        )
        usage.stop()
        cpu = cpu_seconds(server.pid) - cpu
    server.require_running()
    if found["failed"]:
        raise SystemExit(f"{LABELS[system]}: {found['failed']} of {found['requests']} bodies were refused")
    sent = count * CHUNK / GB
    return {
        "mb_per_second": round(1000 * sent / found["seconds"], 1),
        "cpu_per_gb": round(cpu / sent, 3),
        "server": round(usage.server, 3),
        "others": round(usage.others, 3),
        "strangers": round(usage.strangers, 3),
    }


class Person:
    """Somebody at Simmer who uploads."""

    def __init__(self, server: WebServer) -> None:
        self.server = server
        body = {"email": "ann@example.org", "username": "ann", "password": "correct horse battery"}
        self.token = ""
        reply = self.call("POST", "/api/auth/register/", body)[1]
        self.token, self.id = reply["access"], reply["user"]["id"]

    def call(self, method: str, path: str, body: Any = None, **headers: str) -> tuple[Any, Any]:
        """(headers, content) of the answer."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        named |= {"Content-Type": "application/json"} if body is not None else {}
        named |= {"Authorization": f"Bearer {self.token}"} if self.token else {}
        connection = http.client.HTTPConnection("127.0.0.1", self.server.port, timeout=60)
        with contextlib.closing(connection):
            connection.request(method, path, json.dumps(body) if body is not None else None, named)
            answer = connection.getresponse()
            content = answer.read()
        if answer.status >= 300:
            raise SystemExit(f"{method} {path}: {answer.status} {content[:300]!r}")
        return answer.headers, json.loads(content) if content else None

    def begin(self, length: int) -> Any:
        body = {"filename": "a.mp4", "content_type": "video/mp4", "length": length, "chunk_size": CHUNK}
        return self.call("POST", "/api/uploads/", body)[1]

    @contextmanager
    def chunks(self, count: int) -> Iterator[list[str]]:
        """The heads of the requests that fill an upload, which is given up afterwards."""
        upload = self.begin(count * CHUNK)
        path = f"/api/uploads/{upload['id']}/"
        yield [self._head("PUT", f"{path}chunks/{index}/") for index in range(count)]
        self.call("DELETE", path)

    @contextmanager
    def tus(self, count: int) -> Iterator[list[str]]:
        """The same by tus: an upload for each body, as one takes them in order."""
        headers = {"Tus_Resumable": "1.0.0", "Upload_Length": str(CHUNK + 1)}
        paths = [self.call("POST", "/api/tus/", **headers)[0]["Location"] for _ in range(count)]
        lines = ("Tus-Resumable: 1.0.0", "Upload-Offset: 0", "Content-Type: application/offset+octet-stream")
        yield [self._head("PATCH", path, *lines) for path in paths]
        for path in paths:
            self.call("DELETE", path, Tus_Resumable="1.0.0")

    def _head(self, method: str, path: str, *lines: str) -> str:
        authorization = f"Authorization: Bearer {self.token}"
        return _head(method, path, CHUNK, authorization, *lines)


@contextmanager
def nothing(count: int) -> Iterator[list[str]]:
    """Heads of requests that leave nothing."""
    yield [_head("POST", "/", CHUNK)] * count


@contextmanager
def forms(count: int, folder: Path) -> Iterator[list[str]]:
    """Heads of requests that leave files in FOLDER, which is emptied afterwards."""
    length = CHUNK + len(_PREFIX) + len(_SUFFIX)
    yield [_head("POST", "/upload/", length, f"Content-Type: multipart/form-data; boundary={_BOUNDARY}")] * count
    shutil.rmtree(folder)


def _head(method: str, path: str, length: int, *lines: str) -> str:
    return "\r\n".join([f"{method} {path} HTTP/1.1", "Host: 127.0.0.1", f"Content-Length: {length}", *lines, "", ""])


def _memory(services: Services, server: WebServer, person: Person, count: int) -> dict[str, float]:
    """How far above its idle size the server's memory goes while COUNT chunks come in, in chunks."""
    idle = resident_kb(server.pid)
    # The peak begins anew.
    Path(f"/proc/{server.pid}/clear_refs").write_text("5")
    _ingest(services, server, "chunks", person.chunks, count=count)
    found = re.search(r"^VmHWM:\s+(\d+)", Path(f"/proc/{server.pid}/status").read_text(), re.MULTILINE)
    assert found is not None
    grown = max(0, int(found[1]) - idle)
    return {"idle_kb": idle, "grown_kb": grown, "chunks_per_request": round(grown * 1024 / CHUNK / CONNECTIONS, 2)}


def _resent(server: WebServer, person: Person) -> dict[str, float]:
    """Each chunk breaks off halfway once; the client asks what is missing, and sends that."""
    count, sent = 8, 0
    upload = person.begin(count * CHUNK)
    path = f"/api/uploads/{upload['id']}/"
    body = bytes(CHUNK)
    for _ in range(count):
        index = person.call("GET", path)[1]["missing_chunks"][0]
        for part in (body[: CHUNK // 2], body):
            connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=60)
            with contextlib.closing(connection):
                connection.putrequest("PUT", f"{path}chunks/{index}/")
                connection.putheader("Authorization", f"Bearer {person.token}")
                connection.putheader("Content-Length", str(CHUNK))
                connection.endheaders(part)
                sent += len(part)
                if part is body and connection.getresponse().status != 201:
                    raise SystemExit("a chunk that is sent again was refused")
    person.call("DELETE", path)
    return {"drops": count, "chunks_per_drop": round((sent - count * CHUNK) / CHUNK / count, 3)}
