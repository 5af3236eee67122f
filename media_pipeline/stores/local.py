"""Uploads on a disk: one sparse file each, which takes of the disk what has come.

A writer opens the file itself and locks what it writes (`region`), in this process and in others, on all hosts of a
shared POSIX volume: whoever holds the lock decides alone.
"""

import errno
import fcntl
import os
import struct
import sys
import uuid
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from django.conf import settings
from django.core.files import File
from django.core.files.storage import FileSystemStorage

from core import errors
from media_pipeline.models import UploadSession
from media_pipeline.storage import private_storage

FOLDER = "uploads"
NO_ROOM = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}
COPY_BLOCK = 16 * 1024 * 1024
HASH_BLOCK = 1024 * 1024


class LocalRegion:
    """Part of an upload's file that nobody else may write while this is held."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor
        self._has_room = False

    def write(self, offset: int, pieces: Iterable[bytes]) -> None:
        if not self._has_room:
            # Once for each block of a body: others may have taken since what was free when the upload began.
            _require_free(os.fstatvfs(self._descriptor), 0)
            self._has_room = True
        with _room():
            for piece in pieces:
                rest = memoryview(piece)
                while rest:
                    written = os.pwrite(self._descriptor, rest, offset)
                    offset += written
                    rest = rest[written:]

    def sync(self, sha256: bytes) -> str:
        with _room():
            (os.fdatasync if hasattr(os, "fdatasync") else os.fsync)(self._descriptor)
        return ""

    def discard(self) -> None:
        """What comes next at that offset is written over it."""


class LocalStore:
    """The files under `uploads/` in the private storage, or beside it when that is no folder."""

    def create(self, upload_id: uuid.UUID, length: int | None) -> None:
        path = self._path(upload_id)
        path.parent.mkdir(parents=True, exist_ok=True)
        with _room():
            descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        try:
            _declare(descriptor, length or 0)
        except BaseException:
            path.unlink(missing_ok=True)
            raise
        finally:
            os.close(descriptor)
        _sync_folder(path.parent)

    def declare(self, upload_id: uuid.UUID, length: int) -> None:
        with self._opened(upload_id) as descriptor:
            if os.fstat(descriptor).st_size > length:
                # What was refused lies behind what was acknowledged.
                os.ftruncate(descriptor, length)
                os.fsync(descriptor)
            _declare(descriptor, length)

    @contextmanager
    def region(self, upload_id: uuid.UUID, start: int = 0, length: int = 0) -> Iterator[LocalRegion]:
        with self._opened(upload_id) as descriptor:
            _lock(descriptor, start, length)
            yield LocalRegion(descriptor)

    def head(self, upload_id: uuid.UUID, count: int) -> bytes:
        with self._opened(upload_id) as descriptor:
            return os.pread(descriptor, count, 0)

    def keep(self, upload_id: uuid.UUID, parts: Sequence[uuid.UUID], key: str) -> None:
        """A rename, however large the file is. PARTS are copied by the kernel first."""
        private = private_storage()
        try:
            target = Path(private.path(key))
        except NotImplementedError:  # it is none of ours
            self._send(upload_id, parts, key)
            return
        if parts and not target.exists():
            self._join(upload_id, parts)
        target.parent.mkdir(parents=True, exist_ok=True)
        try:
            os.rename(self._path(upload_id), target)
        except FileNotFoundError as error:
            if not target.exists():
                raise _lost() from error
        _sync_folder(target.parent)

    def _send(self, upload_id: uuid.UUID, parts: Sequence[uuid.UUID], key: str) -> None:
        private = private_storage()
        if private.exists(key):
            return
        if parts:
            self._join(upload_id, parts)
        try:
            with self._path(upload_id).open("rb") as file:
                private.save(key, File(file))
        except FileNotFoundError as error:
            raise _lost() from error

    def _join(self, upload_id: uuid.UUID, parts: Sequence[uuid.UUID]) -> None:
        with self._opened(upload_id) as target, _room():
            offset = 0
            lengths = dict(UploadSession.objects.filter(pk__in=parts).values_list("pk", "length"))
            for part in parts:
                if (length := lengths.get(part)) is None:
                    raise _lost()
                with self._opened(part) as source:
                    _copy(source, target, length, offset)
                offset += length
            LocalRegion(target).sync(b"")

    def delete(self, upload_id: uuid.UUID) -> None:
        self._path(upload_id).unlink(missing_ok=True)

    def listed(self) -> Iterator[tuple[uuid.UUID, datetime]]:
        for path in self._folder().glob("??/*"):
            try:
                yield uuid.UUID(path.name), datetime.fromtimestamp(path.stat().st_mtime, UTC)
            except (ValueError, FileNotFoundError):  # none of ours, or deleted at this moment
                continue

    @staticmethod
    def _folder() -> Path:
        private = private_storage()
        if isinstance(private, FileSystemStorage):
            return Path(private.path(FOLDER))
        return Path(settings.PRIVATE_MEDIA_ROOT) / FOLDER

    def _path(self, upload_id: uuid.UUID) -> Path:
        return self._folder() / upload_id.hex[:2] / str(upload_id)

    @contextmanager
    def _opened(self, upload_id: uuid.UUID) -> Iterator[int]:
        try:
            descriptor = os.open(self._path(upload_id), os.O_RDWR | os.O_CLOEXEC)
        except FileNotFoundError as error:
            raise _lost() from error
        try:
            yield descriptor
        finally:
            os.close(descriptor)


def _lost() -> errors.Gone:
    return errors.Gone("The upload's bytes are no longer here: begin again.", code="upload_gone")


@contextmanager
def _room() -> Iterator[None]:
    try:
        yield
    except OSError as error:
        if error.errno in NO_ROOM:
            raise errors.StorageFull("The server's disk is full: try again later.") from error
        raise


def _declare(descriptor: int, length: int) -> None:
    """Makes the file `length` bytes long without taking blocks of the disk. StorageFull if they would find no room."""
    found = os.fstat(descriptor)
    # In blocks of 512 bytes, whatever the disk's own are (stat(2)).
    _require_free(os.fstatvfs(descriptor), max(0, length - found.st_blocks * 512))
    if found.st_size < length:
        with _room():
            os.ftruncate(descriptor, length)


def _require_free(disk: os.statvfs_result, size: int) -> None:
    """StorageFull when `size` bytes more would leave less than the reserve free."""
    if disk.f_bavail * disk.f_frsize - size < settings.UPLOAD_DISK_RESERVE_BYTES:
        raise errors.StorageFull("The server's disk has no room for this upload: try again later.")


def _lock(descriptor: int, start: int, length: int) -> None:
    try:
        if sys.platform == "linux":
            # Of this open file, not of the process: threads exclude each other too, and closing another is no unlock.
            region = struct.pack("hhqqi0q", fcntl.F_WRLCK, os.SEEK_SET, start, length, 0)
            fcntl.fcntl(descriptor, fcntl.F_OFD_SETLK, region)
        else:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        if error.errno in (errno.EAGAIN, errno.EACCES):
            raise errors.Locked("These bytes are being written by another request: try again shortly.") from error
        raise


def _copy(source: int, target: int, size: int, offset: int) -> None:
    """Puts the first SIZE bytes of SOURCE into TARGET at OFFSET."""
    done = 0
    while done < size:
        if hasattr(os, "copy_file_range"):
            copied = os.copy_file_range(source, target, min(COPY_BLOCK, size - done), done, offset + done)
        else:
            copied = os.pwrite(target, os.pread(source, HASH_BLOCK, done), offset + done)
        if not copied:
            raise OSError(errno.EIO, "a part of the upload is shorter than it was")
        done += copied


def _sync_folder(folder: Path) -> None:
    """A new name is as safe as the bytes behind it."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
