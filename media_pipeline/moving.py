"""Moves files between places of the media storages. Every move may be repeated: what was moved before is fine."""

import contextlib
import errno
import os
import shutil
from pathlib import Path

from django.core.files.storage import Storage

from media_pipeline import storage
from media_pipeline.storage import ObjectStorage


def move_file(source: Storage, name: str, target: Storage, new_name: str) -> None:
    """Moves one file. A file that is not there was moved before, or never existed."""
    if isinstance(source, ObjectStorage):
        assert isinstance(target, ObjectStorage)
        source.move(name, target, new_name)
        return
    old, new = Path(source.path(name)), Path(target.path(new_name))
    if old.exists():
        new.parent.mkdir(parents=True, exist_ok=True)
        _rename(old, new)
        # The row that says where the file lies must not survive a power loss that the rename does not.
        _sync(new.parent)
        _sync(old.parent)


def move_folder(source: Storage, folder: str, target: Storage, new_folder: str) -> None:
    """Moves the files of a folder that has no folders in it."""
    for name, _ in list(storage.walk(source, folder)):
        if not name.endswith("/"):
            move_file(source, name, target, new_folder + name.removeprefix(folder))
    storage.delete_if_empty(source, folder)
    storage.delete_if_empty(source, folder.rpartition("/")[0])


def _rename(old: Path, new: Path) -> None:
    try:
        os.replace(old, new)
    except OSError as error:
        if error.errno != errno.EXDEV:
            raise
        # Two file systems. Under its name a file is whole, or not there: names that begin with a dot are not served.
        part = new.with_name(f".{new.name}.part")
        shutil.copy2(old, part)
        with part.open("rb") as file:
            os.fsync(file.fileno())
        os.replace(part, new)
        old.unlink()


def _sync(folder: Path) -> None:
    with contextlib.suppress(FileNotFoundError):  # empty, and deleted at this moment
        descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
