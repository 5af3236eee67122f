"""Bodies of requests in memory, where Twisted writes what is longer than 100 kB to a temporary file and reads it again.

That took a third of the CPU of an upload. What is held at once is bounded: beyond it, bodies go through files again.
"""

from collections import deque
from typing import IO, Any

# Of one body: the longest chunk of an upload.
BODY_MAX = 8 * 1024 * 1024
# Of all bodies that are being received or worked on, by the length that they declare.
BODIES_MAX = 64 * 1024 * 1024
_held = 0


def bytes_held() -> int:
    """What counts against BODIES_MAX at this moment."""
    return _held


def body_in_memory(length: int | None) -> "IO[bytes] | Any | None":
    """Takes the body of a request that declares this LENGTH; None when it is not known, too long, or one too many."""
    if length is None or length > BODY_MAX or _held + length > BODIES_MAX:
        return None
    return _Body(length)


class _Body:
    """What Twisted and Daphne do with their file: written to the end, then read once from the beginning, and closed."""

    def __init__(self, length: int) -> None:
        global _held
        _held += length
        self._length, self._written = length, 0
        self._pieces: deque[bytes] = deque()
        self.closed = False

    def write(self, data: bytes) -> int:
        self._pieces.append(data)
        self._written += len(data)
        return len(data)

    def tell(self) -> int:
        return self._written

    def seek(self, offset: int, whence: int = 0) -> int:
        assert offset == whence == 0, "a body is read from its beginning"
        return 0

    def read(self, size: int = -1) -> bytes:
        """The next SIZE bytes, which are let go."""
        taken, missing = [], size if size >= 0 else self._written
        while missing > 0 and self._pieces:
            piece = self._pieces.popleft()
            if len(piece) > missing:
                self._pieces.appendleft(piece[missing:])
                piece = piece[:missing]
            taken.append(piece)
            missing -= len(piece)
        return taken[0] if len(taken) == 1 else b"".join(taken)

    def close(self) -> None:
        global _held
        if not self.closed:
            self.closed = True
            self._pieces.clear()
            _held -= self._length
