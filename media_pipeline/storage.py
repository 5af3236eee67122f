"""Where files lie: originals in the private storage, renditions in the public one (settings.STORAGES).

Keys are made of our own UUIDs and never of what a client called its file. Only Django's Storage API is used.
"""

import contextlib
import logging
import secrets
import shutil
import uuid
import weakref
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

from django.core.files.base import ContentFile
from django.core.files.storage import Storage, default_storage, storages
from django.db import transaction

log = logging.getLogger(__name__)

ORIGINALS = "originals"
RENDITIONS = "renditions"


def private_storage() -> Storage:
    """The storage that no URL reaches."""
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


def copy_original(key: str, folder: Path) -> Path:
    """A file of the private storage as one on this host's disk: itself, or a copy in FOLDER. FileNotFoundError."""
    storage = private_storage()
    with contextlib.suppress(NotImplementedError):  # an object store has no paths
        path = Path(storage.path(key))
        path.stat()
        return path
    copy = folder / "original"
    with storage.open(key) as source, copy.open("wb") as file:
        shutil.copyfileobj(source, file, 1024 * 1024)
    return copy


class UndoneUnlessCommitted:
    """An on_commit callback that calls a function (to delete a file) when it is dropped without having been called.

    Django tells nobody of a rollback: it forgets the callbacks of the transaction or savepoint, and that is what this
    notices. What a killed process leaves behind is the sweep's.
    """

    def __init__(self, undo: Callable[..., None], *args: Any) -> None:
        self._finalizer = weakref.finalize(self, undo, *args)
        self._finalizer.atexit = False  # type: ignore[misc]  # typeshed takes the slots for all there is

    def __call__(self) -> None:
        self._finalizer.detach()


def delete_quietly(storage: Storage, key: str) -> None:
    """Deletes a file; what cannot be deleted now is logged and left to the sweep."""
    try:
        storage.delete(key)
    except Exception as error:
        log.warning("file_not_deleted key=%s error=%r", key, error)


def delete_folder(storage: Storage, folder: str) -> None:
    """Deletes `folder` with all that is in it. A folder that is not there is fine."""
    folders, files = listed(storage, folder)
    for name in folders:
        delete_folder(storage, f"{folder}/{name}")
    for name in files:
        delete_quietly(storage, f"{folder}/{name}")
    delete_if_empty(storage, folder)


def delete_runs(media_id: uuid.UUID, *, keep: str | None) -> None:
    """Deletes what all runs wrote but the one that committed: no other can commit any more."""
    public, parent = public_storage(), renditions_folder(media_id)
    for name in listed(public, parent)[0]:
        if name != keep:
            delete_folder(public, f"{parent}/{name}")
    delete_if_empty(public, parent)


def delete_if_empty(storage: Storage, folder: str) -> None:
    """Deletes a folder that nobody has put a file in since. An object store has none to delete."""
    with contextlib.suppress(OSError):
        storage.delete(folder)


def listed(storage: Storage, folder: str) -> tuple[list[str], list[str]]:
    """(folders, files) in `folder`; nothing when it is not there."""
    try:
        return storage.listdir(folder)
    except FileNotFoundError:
        return [], []


def last_change(storage: Storage, folder: str) -> datetime | None:
    """When the newest file in `folder` was written; None without any."""
    changes = []
    for name in listed(storage, folder)[1]:
        with contextlib.suppress(FileNotFoundError):
            changes.append(storage.get_modified_time(f"{folder}/{name}"))
    return max(changes, default=None)
