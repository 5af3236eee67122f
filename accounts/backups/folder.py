"""Backups in a folder of this host (BACKUP_DIR), for those who have no bucket."""

import contextlib
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

# A file whose writing has not ended.
PARTIAL = ".part"


class Folder:
    """Files appear whole or not at all, and survive a crash of the host; only we may read them."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __str__(self) -> str:
        return str(self.path)

    def names(self) -> list[str]:
        return [entry.name for entry in self.path.iterdir() if entry.is_file()] if self.path.is_dir() else []

    @contextmanager
    def writing(self, name: str) -> Iterator[BinaryIO]:
        """A file to write to, which has its name once the block has ended well."""
        self.path.mkdir(mode=0o700, parents=True, exist_ok=True)
        partial = self.path / f"{name}{PARTIAL}"
        # Before the `try`: one that is there is another writer's.
        opened = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        try:
            with open(opened, "wb") as file:
                yield file
                file.flush()
                os.fsync(file.fileno())
            partial.rename(self.path / name)
            self._sync()
        except BaseException:
            partial.unlink(missing_ok=True)
            raise

    def reading(self, name: str) -> BinaryIO:
        """FileNotFoundError: there is no such file."""
        return (self.path / name).open("rb")

    def delete(self, name: str) -> None:
        (self.path / name).unlink(missing_ok=True)

    def forget_partial(self, prefix: str) -> None:
        """Deletes what killed processes have left half written."""
        for name in self.names():
            if name.startswith(prefix) and name.endswith(PARTIAL):
                self.delete(name)

    def _sync(self) -> None:
        """The rename too is on the disk."""
        with contextlib.suppress(OSError):  # some file systems know no such thing
            folder = os.open(self.path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
            try:
                os.fsync(folder)
            finally:
                os.close(folder)
