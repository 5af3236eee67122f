"""Where files lie: originals in the private storage, renditions in the public one (settings.STORAGES).

Keys are made of our own UUIDs and never of what a client called its file. A storage is a folder, through Django's
Storage API alone, or an `ObjectStorage`.
"""

import contextlib
import logging
import secrets
import uuid
import weakref
from abc import abstractmethod
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

from django.core.files.base import ContentFile
from django.core.files.storage import Storage, default_storage, storages
from django.db import transaction

from core.errors import DomainError
from core.private_files import signed_address

log = logging.getLogger(__name__)

ORIGINALS = "originals"
RENDITIONS = "renditions"
# Of media whose owner's account is closed, in the private storage: `withdrawn` gives the names.
WITHDRAWN_ORIGINALS, WITHDRAWN_RENDITIONS = f"withdrawn-{ORIGINALS}", f"withdrawn-{RENDITIONS}"
READ_BLOCK = 1024 * 1024
# How long the address of an original is good.
SIGNED_SECONDS = 3600


class ObjectStorage(Storage):
    """A storage elsewhere, without folders and paths. What it has beyond Django's API; FileNotFoundError as there."""

    @abstractmethod
    def walk(self, folder: str) -> Iterator[tuple[str, datetime]]:
        """(name, last change) of all that is in FOLDER and below, sorted by name."""

    @abstractmethod
    def delete_all(self, names: Iterable[str]) -> None:
        """Deletes many with few requests. Names that are not there are fine."""

    @abstractmethod
    def start(self, name: str, count: int) -> bytes:
        """The first COUNT bytes, and no more of it is fetched."""

    @abstractmethod
    def blocks(self, name: str) -> Iterator[bytes]:
        """All of it, block by block."""

    def abort_unfinished(self, folder: str, before: datetime) -> None:
        """Gives up what killed processes began to write under FOLDER, where that leaves something behind."""

    @abstractmethod
    def move(self, name: str, target: "ObjectStorage", new_name: str) -> None:
        """Makes a file one of TARGET's, which is of the same kind. A file that is not there is fine."""

    @abstractmethod
    def signed_url(self, name: str, *, content_type: str, filename: str, seconds: int) -> str:
        """An address under which it is good for so long, as an attachment of that name."""


def private_storage() -> Storage:
    """The storage that no unsigned URL reaches."""
    return storages["private"]


def public_storage() -> Storage:
    """The storage of the renditions."""
    return storages["default"]


def original_key(media_id: uuid.UUID) -> str:
    """Two digits first: no folder holds more than a 256th of all files."""
    return f"{ORIGINALS}/{media_id.hex[:2]}/{media_id}"


def renditions_folder(media_id: uuid.UUID) -> str:
    return f"{RENDITIONS}/{media_id.hex[:2]}/{media_id}"


def new_run_folder(media_id: uuid.UUID) -> str:
    """A folder of its own for each attempt: what lies at a URL once published never changes."""
    return f"{renditions_folder(media_id)}/{secrets.token_hex(8)}"


def run_folder(renditions: Mapping[str, Mapping[str, Any]]) -> str:
    """The folder of the public files in use, of `Media.renditions`; empty while there are none."""
    large = renditions.get("large")
    return str(large["jpeg"]).rpartition("/")[0] if large else ""


def withdrawn(name: str) -> str:
    """What the file or folder NAME of a media is called while the media is withdrawn."""
    return f"withdrawn-{name}"


def public_url(key: str) -> str:
    """The address of a rendition: no query, and for local files no parsing, as lists make six a row."""
    base = getattr(default_storage, "base_url", None)
    return f"{base}{key}" if base is not None else default_storage.url(key)


def store_original(media_id: uuid.UUID, data: bytes) -> str:
    """Writes `data` and returns its key. It is deleted again if the current transaction is rolled back."""
    storage = private_storage()
    key = storage.save(original_key(media_id), ContentFile(data))
    transaction.on_commit(UndoneUnlessCommitted(delete_quietly, storage, key))
    return key


def original_start(key: str, count: int) -> bytes:
    """The first COUNT bytes of a file of the private storage. FileNotFoundError."""
    storage = private_storage()
    if isinstance(storage, ObjectStorage):
        return storage.start(key, count)
    with storage.open(key) as file:
        content: bytes = file.read(count)
        return content


def original_blocks(key: str) -> Iterator[bytes]:
    """A file of the private storage, block by block. FileNotFoundError."""
    storage = private_storage()
    if isinstance(storage, ObjectStorage):
        yield from storage.blocks(key)
        return
    with storage.open(key) as file:
        while block := file.read(READ_BLOCK):
            yield block


def copy_original(key: str, folder: Path) -> Path:
    """A file of the private storage as one on this host's disk: itself, or a copy in FOLDER. FileNotFoundError."""
    storage = private_storage()
    with contextlib.suppress(NotImplementedError):
        path = Path(storage.path(key))
        path.stat()
        return path
    copy = folder / "original"
    with copy.open("wb") as file:
        file.writelines(original_blocks(key))
    return copy


def original_url(key: str, *, content_type: str, filename: str) -> str:
    """The address of an original, for whoever holds it and SIGNED_SECONDS long."""
    storage = private_storage()
    if isinstance(storage, ObjectStorage):
        return storage.signed_url(key, content_type=content_type, filename=filename, seconds=SIGNED_SECONDS)
    return signed_address(key, content_type=content_type, filename=filename, seconds=SIGNED_SECONDS)


class UndoneUnlessCommitted:
    """An on_commit callback that calls a function (to delete a file) when it is dropped without having been called.

    Django tells nobody of a rollback: it forgets the callbacks of the transaction or savepoint, and that is what this
    notices. What a killed process leaves behind is the sweep's, and so is all of a transaction whose connection broke:
    the answer to its COMMIT may have been lost, and there is nobody to ask here.
    """

    def __init__(self, undo: Callable[..., None], *args: Any) -> None:
        self._finalizer = weakref.finalize(self, _undo, undo, *args)
        self._finalizer.atexit = False  # type: ignore[misc]  # typeshed takes the slots for all there is

    def __call__(self) -> None:
        self._finalizer.detach()


def _undo(undo: Callable[..., None], *args: Any) -> None:
    # The driver's own word: the callbacks are dropped while Django closes the connection.
    if getattr(transaction.get_connection().connection, "closed", False):
        log.warning("left_to_the_sweep args=%s reason=connection_lost", args)
    else:
        undo(*args)


def delete_quietly(storage: Storage, key: str) -> None:
    """Deletes a file; what cannot be deleted now is logged and left to the sweep."""
    try:
        storage.delete(key)
    except Exception as error:
        log.warning("file_not_deleted key=%s error=%r", key, error)


def delete_folder(storage: Storage, folder: str) -> None:
    """Deletes `folder` with all that is in it. A folder that is not there is fine."""
    if isinstance(storage, ObjectStorage):
        _delete_all(storage, folder, (name for name, _ in storage.walk(folder)))
        return
    folders, files = _listed(storage, folder)
    for name in folders:
        delete_folder(storage, f"{folder}/{name}")
    for name in files:
        delete_quietly(storage, f"{folder}/{name}")
    delete_if_empty(storage, folder)


def delete_runs(media_id: uuid.UUID, *, keep: str | None) -> None:
    """Deletes what all runs wrote but the one that committed: no other can commit any more."""
    public, parent = public_storage(), renditions_folder(media_id)
    if isinstance(public, ObjectStorage):
        kept = f"{parent}/{keep}/"
        _delete_all(public, parent, (name for name, _ in public.walk(parent) if not name.startswith(kept)))
        return
    for name in _listed(public, parent)[0]:
        if name != keep:
            delete_folder(public, f"{parent}/{name}")
    delete_if_empty(public, parent)


def abort_unfinished(before: datetime) -> None:
    """Gives up originals and renditions that have been half written for that long."""
    private, public = private_storage(), public_storage()
    for storage, folder in (
        *((private, folder) for folder in (ORIGINALS, WITHDRAWN_ORIGINALS, WITHDRAWN_RENDITIONS)),
        (public, RENDITIONS),
    ):
        if isinstance(storage, ObjectStorage):
            storage.abort_unfinished(folder, before)


def walk(storage: Storage, folder: str) -> Iterator[tuple[str, datetime]]:
    """(name, last change) of all files in `folder` and below; of empty folders as well, with a slash behind."""
    if isinstance(storage, ObjectStorage):
        yield from storage.walk(folder)
        return
    folders, files = _listed(storage, folder)
    names = [f"{folder}/{name}" for name in files] if folders or files else [f"{folder}/"]
    for name in names:
        with contextlib.suppress(FileNotFoundError):  # deleted at this moment, or never there
            yield name, storage.get_modified_time(name)
    for name in folders:
        yield from walk(storage, f"{folder}/{name}")


def _delete_all(storage: ObjectStorage, folder: str, names: Iterable[str]) -> None:
    try:
        storage.delete_all(names)
    except DomainError as error:
        log.warning("file_not_deleted key=%s error=%r", folder, error)


def delete_if_empty(storage: Storage, folder: str) -> None:
    """Deletes a folder that nobody has put a file in since. An object store has none."""
    if isinstance(storage, ObjectStorage):
        return
    with contextlib.suppress(OSError):
        storage.delete(folder)


def _listed(storage: Storage, folder: str) -> tuple[list[str], list[str]]:
    """(folders, files) in `folder`; nothing when it is not there."""
    try:
        return storage.listdir(folder)
    except FileNotFoundError:
        return [], []
