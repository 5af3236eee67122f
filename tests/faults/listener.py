"""Reads a socket in a thread, which answers pings, so that it stays open while the test does other work."""

import threading
from typing import Any

from websockets.exceptions import ConnectionClosed

from tests.live.people import LiveSocket
from tests.stack import wait_until


class Listener:
    """Use it in `with`. The test must not send commands on the socket afterwards."""

    def __init__(self, socket: LiveSocket) -> None:
        # The closing code of the server; None while the socket is open.
        self.code: int | None = None
        self._socket = socket
        self._thread = threading.Thread(target=self._read, daemon=True)

    def __enter__(self) -> "Listener":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._socket.close()
        self._thread.join()

    def publications(self, count: int) -> list[dict[str, Any]]:
        """Wait for `count` publications; return all that were received."""
        wait_until(lambda: len(self._received()) >= count or self.code is not None, what=f"{count} publications")
        return self._received()

    def closed(self) -> int | None:
        """Wait until the server closes the socket; return its code."""
        wait_until(lambda: not self._thread.is_alive(), what="the end of the socket", seconds=60)
        return self.code

    def _received(self) -> list[dict[str, Any]]:
        return [push["pub"] for push in tuple(self._socket.pushes) if "pub" in push]

    def _read(self) -> None:
        while True:
            try:
                self._socket.read()
            except TimeoutError:
                continue
            except ConnectionClosed as closed:
                self.code = closed.rcvd.code if closed.rcvd else 0
                return
