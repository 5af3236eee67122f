"""DEV_DIR: the folder with one installation's secrets (key, SQLite, mails, originals). Only its owner may enter it."""

import contextlib
import os
import stat
from pathlib import Path

# A folder that holds one of these is Simmer's.
_MARKS = {"secret_key", "simmer.sqlite3"}
_FILES = {*_MARKS, "lock", "simmer.sqlite3-wal", "simmer.sqlite3-shm"}


def own(folder: Path) -> None:
    """Make `folder` with mode 0700. Tighten an existing one: the folder to 0700, the files above to 0600.

    Leaves alone what belongs to another user, and the mode of a folder that is not Simmer's own: DEV_DIR may name a
    home or `/tmp`. Raises OSError when the folder cannot be made.
    """
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    folder = folder.resolve()
    # SQLite deletes its files beside the database when the last process closes it.
    with contextlib.suppress(FileNotFoundError, PermissionError):
        names = {entry.name for entry in folder.iterdir()}
        if not names or names & _MARKS or folder.name.startswith(".dev"):
            _tighten(folder, 0o700)
        for name in names & _FILES:
            if stat.S_ISREG((folder / name).lstat().st_mode):
                _tighten(folder / name, 0o600)


def _tighten(path: Path, mode: int) -> None:
    status = path.stat()
    if status.st_uid == os.geteuid() and stat.S_IMODE(status.st_mode) & ~mode:
        path.chmod(stat.S_IMODE(status.st_mode) & mode)
