"""A client that sends large bodies: a thread and a keep-alive connection each, nothing parsed but the status.

`python -m benchmarks.upload_client` reads {"port", "connections", "heads", "prefix", "size", "suffix"}: each of HEADS
is sent once, with a body of SIZE random bytes between PREFIX and SUFFIX. Prints {"requests", "seconds", "failed"}.
"""

import json
import os
import socket
import sys
import threading
import time
from typing import Any

BLOCK = 65536


class Load:
    def __init__(self, spec: dict[str, Any]) -> None:
        self.port, self.connections = spec["port"], spec["connections"]
        self.body = spec["prefix"].encode() + os.urandom(spec["size"]) + spec["suffix"].encode()
        self.heads = iter([head.encode() for head in spec["heads"]])
        self.lock = threading.Lock()
        self.requests = self.failed = 0

    def run(self) -> dict[str, float]:
        threads = [threading.Thread(target=self._send_all) for _ in range(self.connections)]
        began = time.perf_counter()
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        return {"requests": self.requests, "seconds": time.perf_counter() - began, "failed": self.failed}

    def _send_all(self) -> None:
        with socket.create_connection(("127.0.0.1", self.port)) as connection:
            while True:
                with self.lock:
                    head = next(self.heads, None)
                if head is None:
                    return
                connection.sendall(head)
                connection.sendall(self.body)
                status = _status(connection)
                with self.lock:
                    self.requests += 1
                    self.failed += not 200 <= status < 300


def _status(connection: socket.socket) -> int:
    """Of the next answer, which is read to its end."""
    answer = b""
    while not _complete(answer):
        piece = connection.recv(BLOCK)
        if not piece:
            return 0
        answer += piece
    return int(answer[9:12])


def _complete(answer: bytes) -> bool:
    head, end, body = answer.partition(b"\r\n\r\n")
    if not end:
        return False
    for line in head.lower().split(b"\r\n"):
        if line.startswith(b"content-length:"):
            return len(body) >= int(line[15:])
    # Of an answer without a length and with a body, the last chunk.
    return answer[9:12] in (b"204", b"304") or body.endswith(b"0\r\n\r\n")


if __name__ == "__main__":
    print(json.dumps(Load(json.load(sys.stdin)).run()))
