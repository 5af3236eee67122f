"""Where the bytes of open uploads lie: in a file each on a disk that all hosts share, or as objects of a bucket.

Nothing here decides what is acknowledged: that is a row (`Extent`), unique for each offset, which is written when the
bytes are safe. A store keeps those that lost from harming those that won.
"""

import uuid
from collections.abc import Iterable, Iterator, Sequence
from contextlib import AbstractContextManager
from datetime import datetime
from typing import Protocol

from media_pipeline.storage import private_storage
from media_pipeline.stores.local import LocalStore


class Region(Protocol):
    """Part of an upload, while one writer holds it."""

    def write(self, offset: int, pieces: Iterable[bytes]) -> None:
        """Takes PIECES one after another, beginning at OFFSET. StorageFull, Unavailable."""

    def sync(self, sha256: bytes) -> str:
        """Returns when what was written, whose hash that is, would survive the loss of power: its `Extent.place`."""

    def discard(self) -> None:
        """Forgets what was written: its row was not, and never will be."""


class Store(Protocol):
    """Where uploads lie until they are media."""

    def create(self, upload_id: uuid.UUID, length: int | None) -> None:
        """Prepares an upload. StorageFull when there is no room for LENGTH bytes, if that is known; none is taken."""

    def declare(self, upload_id: uuid.UUID, length: int) -> None:
        """Is told the LENGTH that was not known before. StorageFull when there is no room for the rest."""

    def region(self, upload_id: uuid.UUID, start: int = 0, length: int = 0) -> AbstractContextManager[Region]:
        """LENGTH bytes from START on (0: all from there). Locked while somebody else has them; Gone."""

    def head(self, upload_id: uuid.UUID, count: int) -> bytes:
        """The first COUNT bytes, of which all were acknowledged."""

    def keep(self, upload_id: uuid.UUID, parts: Sequence[uuid.UUID], key: str) -> None:
        """Makes an upload (when there are PARTS, these, one after another) the private file KEY. May be repeated.

        Gone when the bytes are neither here nor there.
        """

    def delete(self, upload_id: uuid.UUID) -> None:
        """Deletes all bytes of an upload; whoever writes at this moment writes to nobody. None is fine."""

    def listed(self) -> Iterator[tuple[uuid.UUID, datetime]]:
        """Every upload that has bytes, and when the last of them were written."""


def _chosen() -> Store:
    if not hasattr(private_storage(), "bucket_name"):
        return LocalStore()
    # boto3 is loaded by those who have a bucket.
    from media_pipeline.stores.s3 import S3Store

    return S3Store()


class _ChosenStore:
    """The store that goes with the private storage, asked at each call: settings differ from test to test."""

    def __getattr__(self, name: str) -> object:
        return getattr(_chosen(), name)


store: Store = _ChosenStore()  # type: ignore[assignment]
