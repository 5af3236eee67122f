"""Pieces of a body as one file, so that a client of S3 sends them without a copy of all."""

import io
from collections.abc import Sequence
from typing import Any


class Pieces(io.RawIOBase):
    """What PIECES are, one after another. They are of any sizes but empty."""

    def __init__(self, pieces: Sequence[bytes]) -> None:
        super().__init__()
        self._pieces = pieces
        self._size = sum(map(len, pieces))
        self._index = self._inside = self._at = 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._at

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        start = {io.SEEK_SET: 0, io.SEEK_CUR: self._at, io.SEEK_END: self._size}[whence]
        self._at = self._inside = min(max(0, start + offset), self._size)
        self._index = 0
        while self._index < len(self._pieces) and self._inside >= len(self._pieces[self._index]):
            self._inside -= len(self._pieces[self._index])
            self._index += 1
        return self._at

    def readinto(self, buffer: Any) -> int:
        """Fills the buffer from as many pieces as it takes."""
        filled, room = 0, len(buffer)
        while filled < room and self._index < len(self._pieces):
            piece = self._pieces[self._index]
            count = min(room - filled, len(piece) - self._inside)
            buffer[filled : filled + count] = memoryview(piece)[self._inside : self._inside + count]
            filled += count
            self._inside += count
            if self._inside == len(piece):
                self._index, self._inside = self._index + 1, 0
        self._at += filled
        return filled
