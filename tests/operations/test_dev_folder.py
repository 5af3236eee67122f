"""DEV_DIR has the key, the database, mails and originals: nobody but its owner may enter it."""

import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from tests.operations.test_settings import values
from tests.services import ROOT


def mode(path: Path) -> str:
    return oct(stat.S_IMODE(path.stat().st_mode))


@pytest.fixture(autouse=True)
def generous_umask() -> object:
    """What most machines have."""
    before = os.umask(0o022)
    yield
    os.umask(before)


@pytest.mark.parametrize("environment", [{}, {"DATABASE_URL": "postgresql://nowhere.invalid/simmer"}])
def test_the_settings_make_it_for_its_owner_alone(tmp_path: Path, environment: dict[str, str]) -> None:
    values(tmp_path, "DEBUG", **environment)
    assert mode(tmp_path / "dev") == "0o700"


def test_one_that_is_open_is_closed_with_the_files_in_it(tmp_path: Path) -> None:
    folder = tmp_path / "dev"
    folder.mkdir()
    for name in ("secret_key", "simmer.sqlite3", "simmer.sqlite3-wal", "lock", "notes.txt"):
        (folder / name).touch()
    values(tmp_path, "DEBUG")
    assert mode(folder) == "0o700"
    assert {name.name: mode(name) for name in folder.iterdir()} == {
        "secret_key": "0o600",
        "simmer.sqlite3": "0o600",
        "simmer.sqlite3-wal": "0o600",
        "lock": "0o600",
        "notes.txt": "0o644",
    }


@pytest.mark.parametrize("name", [".dev", ".dev2"])
def test_one_of_the_usual_name_is_closed_whatever_is_in_it(tmp_path: Path, name: str) -> None:
    (tmp_path / name / "media").mkdir(parents=True)
    values(tmp_path, "DEBUG", DEV_DIR=str(tmp_path / name))
    assert mode(tmp_path / name) == "0o700"


def test_a_folder_that_is_in_use_for_other_things_keeps_its_mode(tmp_path: Path) -> None:
    (tmp_path / "dev/photos").mkdir(parents=True)
    values(tmp_path, "DEBUG")
    assert mode(tmp_path / "dev") == "0o755"


def test_a_folder_that_cannot_be_made_is_named_when_sqlite_needs_it(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    where = str(tmp_path / "file/dev")
    values(tmp_path, "DEBUG", DEV_DIR=where, DATABASE_URL="postgresql://nowhere.invalid/simmer")
    with pytest.raises(AssertionError, match="file/dev"):
        values(tmp_path, "DEBUG", DEV_DIR=where)


def test_the_supervisor_makes_it_and_its_files_for_their_owner_alone(tmp_path: Path) -> None:
    """Its port is in use, so it ends before it starts anything, but after it has taken the folder."""
    env = {**os.environ, "DEV_DIR": str(tmp_path / "dev"), "PORT": "no port", "ENV_FILE": os.devnull}
    done = subprocess.run(
        [sys.executable, "-m", "core.supervisor"], cwd=ROOT, env=env, capture_output=True, check=False
    )
    assert b"PORT=no port is no port number" in done.stdout
    assert (mode(tmp_path / "dev"), mode(tmp_path / "dev/lock")) == ("0o700", "0o600")


@pytest.mark.parametrize("name", [".dev", ".dev2", ".dev-of-ann"])
def test_git_ignores_it(name: str) -> None:
    command = ["git", "check-ignore", "--quiet", f"{name}/secret_key"]
    assert subprocess.run(command, cwd=ROOT, check=False).returncode == 0
