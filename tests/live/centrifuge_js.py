"""npm's `centrifuge`, unmodified, in a process of its own: the script tests/node/client.mjs."""

import json
import queue
import shutil
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from core.processes import bound
from tests.live.people import SECONDS

NODE = Path(__file__).resolve().parent.parent / "node"

needs_node = pytest.mark.skipif(
    shutil.which("node") is None or not (NODE / "node_modules" / "centrifuge").is_dir(),
    reason="needs Node.js 20 and `npm ci --prefix tests/node`",
)


class Client:
    """Told what to do, it says what happens to it; `happened` is all that was read of it."""

    def __init__(self, process: "subprocess.Popen[str]") -> None:
        self.process = process
        self.happened: list[dict[str, Any]] = []
        self._lines: queue.Queue[str] = queue.Queue()
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self._lines.put(line)

    def tell(self, do: str, /, **fields: Any) -> None:
        assert self.process.stdin is not None
        self.process.stdin.write(json.dumps({"do": do, **fields}) + "\n")
        self.process.stdin.flush()

    def next(self) -> dict[str, Any]:
        try:
            self.happened.append(json.loads(self._lines.get(timeout=SECONDS)))
        except queue.Empty:
            raise AssertionError(f"nothing more happened than {self.happened[-10:]}") from None
        return self.happened[-1]

    def wait_for(self, event: str, /, **fields: Any) -> dict[str, Any]:
        """The next thing of that name with those fields; what comes before it is only remembered."""
        while True:
            happened = self.next()
            if happened["event"] == event and fields.items() <= happened.items():
                return happened

    def ask(self, do: str, /, **fields: Any) -> Any:
        """The value of what `tell` has asked for, or {"failed": its error's code}."""
        self.tell(do, **fields)
        while True:
            happened = self.next()
            if happened["event"] == "result":
                return happened["value"]
            if happened["event"] == "failed":
                return {"failed": happened["code"]}

    def connect(self) -> None:
        self.tell("connect")
        self.wait_for("connected")

    def subscribe(self, channel: str) -> dict[str, Any]:
        self.tell("subscribe", channel=channel)
        return self.wait_for("subscribed", channel=channel)

    def publications(self, count: int, channel: str) -> list[tuple[int, str]]:
        """(offset, type) of the next COUNT on CHANNEL."""
        found = [self.wait_for("publication", channel=channel) for _ in range(count)]
        return [(publication["offset"], publication["data"]["type"]) for publication in found]

    def names(self) -> list[str]:
        """What has happened so far, by name."""
        return [happened["event"] for happened in self.happened]


@contextmanager
def client(ws_url: str, **options: Any) -> Iterator[Client]:
    """One that is not connected yet. OPTIONS: `token`, `asks` and `tickets` (tests/node/client.mjs)."""
    process = subprocess.Popen(
        bound(["node", "client.mjs", ws_url, json.dumps(options)]),
        cwd=NODE,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        yield Client(process)
    finally:
        process.kill()
        process.communicate()
