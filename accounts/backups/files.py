"""The files of backups: `users-20261130T002003Z.csv.gz` and, written once that was read back, its manifest beside it.

Without a manifest a file is no backup, but what an attempt that was killed has left, and the next one deletes it. Those
made by hand begin with `manual-`: nothing deletes them.
"""

import json
import logging
import re
from collections.abc import Iterable
from contextlib import closing
from dataclasses import asdict, dataclass
from typing import Any, BinaryIO, Protocol

from django.conf import settings
from django.utils import timezone

from accounts.backups.folder import Folder
from accounts.backups.rows import COLUMNS, Content, Damaged, Reading, all_users, write

log = logging.getLogger(__name__)

WEEKLY, MANUAL = "users-", "manual-users-"
_NAME = re.compile(r"(manual-)?users-\d{8}T\d{6}Z\.(csv\.gz|json)")


class Place(Protocol):
    """Where backups lie. A file appears there whole or not at all."""

    def names(self) -> list[str]: ...
    def writing(self, name: str) -> Any: ...
    def reading(self, name: str) -> BinaryIO: ...
    def delete(self, name: str) -> None: ...
    def forget_partial(self, prefix: str) -> None: ...


@dataclass(frozen=True)
class Manifest:
    """What is known of a backup. `week` is the ISO week that it is the backup of, empty for one made by hand."""

    file: str
    week: str
    taken_at: str
    rows: int
    size: int
    sha256: str
    columns: str = ",".join(COLUMNS)

    @property
    def name(self) -> str:
        return manifest_of(self.file)


def backup_place() -> Place:
    """The bucket, or the folder when there is none."""
    if settings.BACKUP_BUCKET:
        # Here, for it brings boto3 with it: 30 MB in each web server, which imports the tasks and makes no backup.
        from accounts.backups.bucket import Bucket

        folder = f"{settings.AWS_LOCATION}/backups/" if settings.AWS_LOCATION else "backups/"
        return Bucket(settings.BACKUP_BUCKET, folder)
    return Folder(settings.BACKUP_DIR)


def manifest_of(name: str) -> str:
    """The name of the manifest beside the file `name`."""
    return name.removesuffix(".csv.gz") + ".json"


def make(place: Place, *, week: str = "") -> Manifest:
    """A backup of all users at this moment, read back before its manifest is written. Raises Damaged, and what S3 does.

    Killed anywhere it leaves a file without manifest or a part of one, both of which `forget_attempts` deletes.
    """
    now = timezone.now()
    name = f"{WEEKLY if week else MANUAL}{now:%Y%m%dT%H%M%SZ}.csv.gz"
    with closing(all_users()) as users, place.writing(name) as sink:
        written = write(users, sink)
    found = _read(place, name)
    if found != written:
        raise Damaged(f"{name} was written as {written} and is read as {found}.")
    manifest = Manifest(name, week, now.isoformat(), written.rows, written.size, written.sha256)
    with place.writing(manifest.name) as sink:
        sink.write(json.dumps(asdict(manifest), indent=2).encode())
    log.info("backup.made place=%s file=%s rows=%d bytes=%d", place, name, manifest.rows, manifest.size)
    return manifest


def check(place: Place, name: str) -> Manifest:
    """Reads a backup to its end; its manifest, which it matches. Raises Damaged or FileNotFoundError."""
    manifest = manifest_at(place, name)
    compare(_read(place, name), manifest)
    return manifest


def compare(found: Content, manifest: Manifest) -> None:
    """Raises Damaged unless what was read is what the manifest says."""
    for what, is_, should_be in (
        ("users", found.rows, manifest.rows),
        ("bytes", found.size, manifest.size),
        ("SHA-256", found.sha256, manifest.sha256),
    ):
        if is_ != should_be:
            raise Damaged(f"{manifest.file} has {what} {is_}, and its manifest says {should_be}.")


def manifest_at(place: Place, name: str) -> Manifest:
    """The manifest of the file `name`. Raises Damaged, or FileNotFoundError when there is none."""
    with place.reading(manifest_of(name)) as file:
        text = file.read()
    try:
        manifest = Manifest(**json.loads(text))
    except (ValueError, TypeError) as error:
        raise Damaged(f"{manifest_of(name)} is no manifest: {error}") from error
    if manifest.file != name:
        raise Damaged(f"{manifest_of(name)} is the manifest of {manifest.file}.")
    return manifest


def backups(place: Place) -> list[str]:
    """The names of all backups that were finished, the newest first."""
    names = _ours(place)
    finished = (name for name in names if name.endswith(".csv.gz") and manifest_of(name) in names)
    return sorted(finished, key=lambda name: name.removeprefix("manual-"), reverse=True)


def _weekly(names: Iterable[str]) -> list[str]:
    return [name for name in names if name.startswith(WEEKLY)]


def backup_of(place: Place, week: str) -> Manifest | None:
    """The newest that was finished for that week. One whose manifest cannot be read is none."""
    for name in _weekly(backups(place)):
        try:
            manifest = manifest_at(place, name)
        except (Damaged, FileNotFoundError) as error:
            log.error("backup.manifest_unreadable place=%s file=%s error=%s", place, name, error)
            continue
        if manifest.week == week:
            return manifest
    return None


def forget_attempts(place: Place) -> None:
    """Deletes what attempts at weekly backups that were killed have left."""
    place.forget_partial(WEEKLY)
    names = _ours(place)
    for name in _weekly(names):
        if name.endswith(".csv.gz") and manifest_of(name) not in names:
            log.info("backup.attempt_deleted place=%s file=%s", place, name)
            place.delete(name)


def forget_old(place: Place, *, keep: int) -> None:
    """Deletes all weekly ones but the newest. The manifest goes first: what is left without one is no backup."""
    for name in _weekly(backups(place))[keep:]:
        place.delete(manifest_of(name))
        place.delete(name)
        log.info("backup.deleted place=%s file=%s", place, name)


def _read(place: Place, name: str) -> Content:
    with place.reading(name) as source:
        reading = Reading(source)
        for _ in reading:
            pass
    return reading.content


def _ours(place: Place) -> set[str]:
    """What else lies there is nobody's business here."""
    return {name for name in place.names() if _NAME.fullmatch(name)}
