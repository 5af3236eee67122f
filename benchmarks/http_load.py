"""Load on a REST server: wrk when it is on PATH, else `benchmarks.http_client`, on the clients' core.

Both take the same raw HTTP requests, repeat them in turn on keep-alive connections, and answer the same figures.
"""

import json
import shutil
import subprocess
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from benchmarks.machine import OTHER_CORES, SEPARATE, Usage, pinned
from benchmarks.servers import Services, WebServer

CONNECTIONS = 32
WRK = shutil.which("wrk")
CLIENT = "wrk" if WRK else "the asyncio client of benchmarks/http_client.py"
# Below this share of its core the server was waiting for others: for PostgreSQL, or for the client.
SATURATED = 0.85

_LUA = """
requests = {%s}
local index = 0
function request()
  index = index %% #requests + 1
  return requests[index]
end
function done(summary, latency)
  local errors = summary.errors
  io.write(string.format('{"requests": %%d, "seconds": %%f, "p50": %%f, "p99": %%f, "failed": %%d}\\n',
    summary.requests, summary.duration / 1e6, latency:percentile(50) / 1e3, latency:percentile(99) / 1e3,
    errors.connect + errors.read + errors.write + errors.status + errors.timeout))
end
"""


@dataclass(frozen=True)
class Load:
    """What one run of one case measured.

    `rate` a second, `per_core_second` by the server's CPU time, `p50` and `p99` in ms, the others as in Usage.
    """

    rate: float
    per_core_second: float
    p50: float
    p99: float
    failed: int
    requests: int
    server: float
    others: float
    strangers: float

    @property
    def server_limited(self) -> bool:
        return not SEPARATE or self.server >= SATURATED

    def as_dict(self) -> dict[str, float]:
        return {name: round(value, 3) for name, value in asdict(self).items()}


def request(method: str, path: str, *, token: str = "", body: object = None, headers: Sequence[str] = ()) -> str:
    """A raw HTTP/1.1 request."""
    lines = [f"{method} {path} HTTP/1.1", "Host: 127.0.0.1", "Accept: application/json", *headers]
    if token:
        lines.append(f"Authorization: Bearer {token}")
    content = "" if body is None else json.dumps(body)
    if content:
        lines += ["Content-Type: application/json", f"Content-Length: {len(content)}"]
    return "\r\n".join(lines) + f"\r\n\r\n{content}"


def run(services: Services, server: WebServer, requests: Sequence[str], *, seconds: float) -> Load:
    """Sends REQUESTS to SERVER for so long."""
    usage = Usage(server.pid)
    if WRK:
        script = services.folder / "requests.lua"
        script.write_text(_LUA % ",".join(map(_lua_string, requests)))
        usage.start()
        found = _wrk(script, server.port, seconds)
    else:
        usage.start()
        spec = json.dumps(
            {"port": server.port, "seconds": seconds, "connections": CONNECTIONS, "requests": list(requests)}
        )
        found = json.loads(
            services.run("-m", "benchmarks.http_client", env=services.base, cores=OTHER_CORES, text=spec)
        )
    usage.stop()
    server.require_running()
    return Load(
        rate=found["requests"] / found["seconds"],
        per_core_second=found["requests"] / found["seconds"] / max(usage.server, 0.001),
        p50=found["p50"],
        p99=found["p99"],
        failed=found["failed"],
        requests=found["requests"],
        server=usage.server,
        others=usage.others,
        strangers=usage.strangers,
    )


def _wrk(script: Path, port: int, seconds: float) -> dict[str, Any]:
    assert WRK
    with pinned(OTHER_CORES):
        output = subprocess.run(
            [WRK, "-t1", f"-c{CONNECTIONS}", f"-d{max(1, round(seconds))}s", "--timeout", "20s",
             "-s", str(script), f"http://127.0.0.1:{port}"],
            capture_output=True, text=True, check=True,
        )  # fmt: skip
    result: dict[str, Any] = json.loads(output.stdout.splitlines()[-1])
    return result


def _lua_string(text: str) -> str:
    return (
        '"'
        + "".join(char if char.isalnum() or char in " /:.-_{}?=&,;+*" else f"\\{ord(char):03d}" for char in text)
        + '"'
    )
