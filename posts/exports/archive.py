"""The ZIP of an export: a JSON file for each kind of thing, an index of them, and a page that says what they are."""

from collections.abc import Iterator
from datetime import datetime
from typing import Any, BinaryIO
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

import orjson

from accounts.models import User
from core.exports import ExportFile, Rows, export_files

INDEX, README = "index.json", "README.txt"


def write(user: User, target: BinaryIO, *, made_at: datetime) -> int:
    """Writes all that is registered (core/exports.py) of USER to TARGET, row by row. Returns how many rows there are.

    Not of one moment: what changes meanwhile may be in one file and not yet, or no longer, in another.
    """
    index = []
    with ZipFile(target, "w", ZIP_DEFLATED) as archive:
        for file in export_files():
            index.append({"file": f"{file.name}.json", "about": file.about, "rows": _add(archive, file, user, made_at)})
        head = {"user_id": user.pk, "username": user.username, "made_at": made_at, "files": index}
        archive.writestr(_entry(INDEX, made_at), _json(head, orjson.OPT_INDENT_2))
        archive.writestr(_entry(README, made_at), _readme(user, made_at, index))
    return sum(int(str(line["rows"])) for line in index)


def _add(archive: ZipFile, file: ExportFile, user: User, made_at: datetime) -> int:
    count = 0

    def counted() -> Rows:
        nonlocal count
        for row in file.rows(user):
            count += 1
            yield row

    # 64 bits from the start: how long it becomes is not known yet.
    with archive.open(_entry(f"{file.name}.json", made_at), "w", force_zip64=True) as entry:
        for line in _list_of(counted()):
            entry.write(line)
    return count


def _list_of(rows: Rows) -> Iterator[bytes]:
    """A JSON list, a row a line."""
    before = b"[\n"
    for row in rows:
        yield before + _json(row)
        before = b",\n"
    yield b"\n]\n" if before != b"[\n" else b"[]\n"


def _json(value: Any, options: int = 0) -> bytes:
    # `str` is for decimals.
    return orjson.dumps(value, default=str, option=options | orjson.OPT_UTC_Z)


def _entry(name: str, made_at: datetime) -> ZipInfo:
    info = ZipInfo(name, made_at.timetuple()[:6])
    info.compress_type = ZIP_DEFLATED
    info.external_attr = 0o600 << 16
    return info


def _readme(user: User, made_at: datetime, index: list[dict[str, Any]]) -> str:
    lines = [
        f"The data of {user.username} on Simmer, as of {made_at:%Y-%m-%d %H:%M} UTC.",
        "",
        "Each file is a JSON list, one line for each thing. Times are UTC, ids are those of the API.",
        "Pictures and videos are not in here: media.json says where they are.",
        "",
        *(f"{line['file']:24} {line['rows']:>8}  {line['about']}" for line in index),
    ]
    return "\n".join(lines) + "\n"
