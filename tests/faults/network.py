"""A network of hosts on one machine: network namespaces on a bridge, each of which can be cut off. Needs root."""

import os
import random
import shutil
import subprocess
from contextlib import suppress
from functools import cache


@cache
def why_impossible() -> str:
    """What is missing here; empty when a network can be made."""
    if os.geteuid() != 0 or shutil.which("ip") is None:
        return "needs root and `ip` (apt install iproute2)"
    name = f"probe-{os.getpid()}"
    try:
        _ip("netns", "add", name)
        try:
            _ip("netns", "exec", name, "true")
        finally:
            _ip("netns", "del", name)
    except subprocess.CalledProcessError as error:
        return f"network namespaces are not allowed here: {error.stderr.strip()}"
    return ""


def _ip(*arguments: str) -> None:
    subprocess.run(["ip", *arguments], check=True, capture_output=True, text=True)


class Network:
    """`address` is this machine's own in it. Use as a context manager: at the end it is gone."""

    def __init__(self) -> None:
        self._id = f"sf{os.getpid()}"
        self._bridge = f"{self._id}br"
        self._prefix = f"10.213.{random.randint(0, 255)}"
        self.address = f"{self._prefix}.1"
        self._hosts: dict[str, int] = {}

    def __enter__(self) -> "Network":
        _ip("link", "add", self._bridge, "type", "bridge")
        _ip("addr", "add", f"{self.address}/24", "dev", self._bridge)
        _ip("link", "set", self._bridge, "up")
        return self

    def __exit__(self, *_: object) -> None:
        for name in self._hosts:
            with suppress(subprocess.CalledProcessError):
                _ip("netns", "del", self._namespace(name))
        with suppress(subprocess.CalledProcessError):
            _ip("link", "del", self._bridge)

    def add_host(self, name: str) -> str:
        """Its address."""
        number = self._hosts[name] = len(self._hosts) + 2
        namespace, port, address = self._namespace(name), self._port(name), f"{self._prefix}.{number}"
        _ip("netns", "add", namespace)
        _ip("link", "add", port, "type", "veth", "peer", "name", "eth0", "netns", namespace)
        _ip("link", "set", port, "master", self._bridge, "up")
        _ip("-n", namespace, "addr", "add", f"{address}/24", "dev", "eth0")
        for device in ("lo", "eth0"):
            _ip("-n", namespace, "link", "set", device, "up")
        return address

    def on(self, name: str) -> list[str]:
        """What to put before a command that is to run on that host."""
        return ["ip", "netns", "exec", self._namespace(name)]

    def cut(self, name: str) -> None:
        """From here on what it sends and is sent is swallowed; its link stays up."""
        _ip("link", "set", self._port(name), "nomaster")

    def mend(self, name: str) -> None:
        _ip("link", "set", self._port(name), "master", self._bridge)

    def _namespace(self, name: str) -> str:
        return f"{self._id}-{name}"

    def _port(self, name: str) -> str:
        return f"{self._id}p{self._hosts[name]}"
