"""What a backup holds: one line of CSV for each user, streamed from the database, and back again.

A spreadsheet takes a cell that begins with = + - @ or a tab for a formula, so such a cell gets an apostrophe before it;
one that begins with an apostrophe gets another, and reading takes the first one off again: nothing is lost.
"""

import csv
import gzip
import hashlib
import io
import zlib
from collections.abc import Generator, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import IO, BinaryIO, NamedTuple, Protocol, cast

from django.db import connection, transaction

from accounts.models import User

COLUMNS = ("username", "email", "date_joined")
# Rows that are held at a time.
CHUNK = 2_000
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "'")


class Damaged(Exception):
    """A backup cannot be read, or is not what its manifest says."""


class Row(NamedTuple):
    """A user as the backup has them. `date_joined` is ISO 8601 in UTC."""

    username: str
    email: str
    date_joined: str


class Sink(Protocol):
    """Whatever takes bytes."""

    def write(self, data: bytes, /) -> object: ...


def all_users() -> Generator[Row]:
    """Every user in the order of ids, as they are at this moment: one statement, one snapshot, CHUNK rows at a time.

    Close it (`contextlib.closing`) whatever happens: as long as it is suspended, its transaction is open and refuses
    every write of this thread. A traceback that somebody keeps would keep it so.
    """
    compiler = User.objects.order_by("pk").values_list(*COLUMNS).query.get_compiler(connection=connection)
    # Not `iterator()`: behind a pooler it holds all rows at once, for Django cannot know that its cursor stays within
    # one transaction (DISABLE_SERVER_SIDE_CURSORS). This one does.
    with _snapshot(), connection.chunked_cursor() as cursor:
        cursor.execute(*compiler.as_sql())
        chunks = iter(lambda: cursor.fetchmany(CHUNK), [])
        for username, email, date_joined in compiler.results_iter(results=chunks):
            yield Row(username, email, date_joined.isoformat())


@contextmanager
def _snapshot() -> Iterator[None]:
    """A transaction that sees one moment, and a cursor of the server in it.

    SQLite has both in a single statement, and a transaction would be its one writer.
    """
    if connection.vendor != "postgresql":
        yield
        return
    with transaction.atomic(durable=True):
        with connection.cursor() as cursor:
            cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
        yield


@dataclass
class Content:
    """What a file holds, as it was written or read. `sha256` is of the compressed file, in hexadecimal."""

    rows: int
    size: int
    sha256: str


class _Counted:
    """Hashes and counts the bytes that pass through on their way to SINK."""

    def __init__(self, sink: Sink) -> None:
        self._sink, self.size, self.hash = sink, 0, hashlib.sha256()

    def write(self, data: bytes) -> int:
        self.size += len(data)
        self.hash.update(data)
        self._sink.write(data)
        return len(data)

    def flush(self) -> None:
        """The sink's own business."""


def write(rows: Iterable[Row], sink: Sink) -> Content:
    """Writes them to SINK as gzipped CSV with a header. Holds no more than some rows at a time."""
    counted, count = _Counted(sink), 0
    with (
        gzip.GzipFile(filename="", mode="wb", fileobj=cast(IO[bytes], counted), compresslevel=6, mtime=0) as zipped,
        io.TextIOWrapper(zipped, encoding="utf-8", newline="") as text,
    ):
        # Lines end as RFC 4180 has it, for csv quotes only cells with a character of that.
        table = csv.writer(text, lineterminator="\r\n")
        table.writerow(COLUMNS)
        for row in rows:
            table.writerow([f"'{cell}" if cell.startswith(_FORMULA) else cell for cell in row])
            count += 1
    return Content(count, counted.size, counted.hash.hexdigest())


class Reading:
    """Iterate over it for the rows of a file; `content` is known once they have all been read. Raises Damaged."""

    def __init__(self, source: BinaryIO) -> None:
        self._source = _Tapped(source)
        self._count = 0

    def __iter__(self) -> Iterator[Row]:
        try:
            with gzip.GzipFile(fileobj=self._source, mode="rb") as unzipped:
                table = csv.reader(io.TextIOWrapper(unzipped, encoding="utf-8", newline=""), strict=True)
                if tuple(next(table, ())) != COLUMNS:
                    raise Damaged(f"It does not begin with {','.join(COLUMNS)}.")
                for cells in table:
                    if len(cells) != len(COLUMNS):
                        raise Damaged(f"Line {table.line_num} has {len(cells)} cells.")
                    self._count += 1
                    yield Row(*(cell.removeprefix("'") for cell in cells))
        except (EOFError, gzip.BadGzipFile, zlib.error, UnicodeDecodeError, csv.Error) as error:
            raise Damaged(f"It breaks off or is garbled after {self._count} users: {error}") from error

    @property
    def content(self) -> Content:
        return Content(self._count, self._source.size, self._source.hash.hexdigest())


class _Tapped(io.RawIOBase):
    """Hashes and counts what is read of SOURCE."""

    def __init__(self, source: BinaryIO) -> None:
        self._source, self.size, self.hash = source, 0, hashlib.sha256()

    def readable(self) -> bool:
        return True

    def read(self, size: int = -1) -> bytes:
        data = self._source.read(size)
        self.size += len(data)
        self.hash.update(data)
        return data
