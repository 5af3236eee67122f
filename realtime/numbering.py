"""Numbering: committed, unnumbered rows get their dense `offset` and `position`, in one statement for each batch.

Rows are selected because they are unnumbered, never by "id greater than the last": transactions commit in another
order than they take ids, and an id cursor lost 8 % of the rows. A floor keeps an empty poll cheap all the same.
"""

import time
from collections import OrderedDict, deque
from collections.abc import Collection
from typing import Any, NamedTuple

import orjson
from django.db import transaction
from django.db.backends.base.base import BaseDatabaseWrapper

from realtime.models import StreamEvent

BATCH = 1_000
# Channels whose head is kept in memory; each costs some 150 bytes.
HEADS = 100_000
# While a backup holds a snapshot, the index entries of numbered rows stay, and an empty poll walks over them: 16 ms
# after 300,000 rows. It therefore starts at the highest id seen five minutes ago (0.12 ms), and once a minute at 0,
# for the transaction that took its ids longer ago and has only now committed.
FLOOR_SECONDS = 300.0
FULL_SCAN_SECONDS = 60.0

TABLE = StreamEvent._meta.db_table

# A crash must not lose a number that a client has received. So the relay's session flushes each commit, whatever the
# role, the database, the server and other sessions use. A flush writes the log up to its commit, so all earlier commits
# (the changes and their events) are on disk too.
# PostgreSQL makes a commit visible to other sessions after the local flush and, if synchronous standbys are
# configured, after theirs. SQLite in WAL mode makes a commit visible after syncing the WAL file; other connections use
# NORMAL, which syncs at checkpoints only.
_FLUSH_COMMITS = {"postgresql": "SET synchronous_commit = on", "sqlite": "PRAGMA synchronous = FULL"}


class Conflict(Exception):
    """Rows changed while they were numbered: another relay is at work, or someone deletes. Start anew."""


class NumberedEvent(NamedTuple):
    """A row after its numbering. `data` is the column's JSON text, of our own."""

    position: int
    channel: str
    offset: int
    type: str
    actor_id: int | None
    data: str
    author_id: int | None = None


class Numbering:
    """The relay's memory of the heads. Right only as long as nobody else numbers: hold the lock while you use it.

    From now on the session of `connection` flushes each commit.
    """

    def __init__(
        self,
        connection: BaseDatabaseWrapper,
        *,
        heads: int = HEADS,
        floor_seconds: float = FLOOR_SECONDS,
        full_scan_seconds: float = FULL_SCAN_SECONDS,
    ) -> None:
        self._connection = connection
        self._heads: OrderedDict[str, int] = OrderedDict()
        self._heads_limit = heads
        self._floor = _Floor(floor_seconds, full_scan_seconds)
        with connection.cursor() as cursor:
            cursor.execute(_FLUSH_COMMITS[connection.vendor])
            cursor.execute(f"SELECT max(position) FROM {TABLE}")  # noqa: S608
            self.position: int = cursor.fetchone()[0] or 0

    def number(self, *, limit: int = BATCH) -> list[NumberedEvent]:
        """Numbers up to `limit` waiting rows, oldest id first, and commits. [] when none waits.

        Any exception leaves rows and database as they were and this object wrong: start anew.
        """
        with self._connection.cursor() as cursor:
            cursor.execute(
                f"SELECT id, channel, type, actor_id, data, author_id FROM {TABLE}"  # noqa: S608
                " WHERE position IS NULL AND id > %s ORDER BY id LIMIT %s",
                [self._floor.now(), limit],
            )
            rows = cursor.fetchall()
            if not rows:
                return []
            self._floor.saw(rows[-1][0])
            self._load_heads(cursor, {row[1] for row in rows})
            ids, events = [], []
            for id_, channel, type_, actor_id, data, author_id in rows:
                self.position += 1
                self._heads[channel] = offset = self._heads[channel] + 1
                ids.append(id_)
                events.append(NumberedEvent(self.position, channel, offset, type_, actor_id, data, author_id))
        self._write(ids, events)
        while len(self._heads) > self._heads_limit:
            self._heads.popitem(last=False)
        return events

    def _load_heads(self, cursor: Any, channels: Collection[str]) -> None:
        unknown = []
        for channel in channels:
            if channel in self._heads:
                self._heads.move_to_end(channel)
            else:
                unknown.append(channel)
        if unknown:
            wanted, parameter = self._channel_list(unknown)
            cursor.execute(
                f'SELECT c, (SELECT "offset" FROM {TABLE} WHERE channel = c AND "offset" IS NOT NULL'  # noqa: S608
                f' ORDER BY "offset" DESC LIMIT 1) FROM ({wanted}) AS wanted',
                [parameter],
            )
            self._heads.update((channel, head or 0) for channel, head in cursor.fetchall())

    def _channel_list(self, channels: list[str]) -> tuple[str, Any]:
        if self._connection.vendor == "postgresql":
            return "SELECT unnest(%s::text[]) AS c", channels
        return "SELECT value AS c FROM json_each(%s)", orjson.dumps(channels).decode()

    def _write(self, ids: list[int], events: list[NumberedEvent]) -> None:
        offsets, positions = [event.offset for event in events], [event.position for event in events]
        with transaction.atomic(using=self._connection.alias), self._connection.cursor() as cursor:
            if self._connection.vendor == "postgresql":
                cursor.execute(
                    f'UPDATE {TABLE} SET "offset" = n.o, position = n.p'  # noqa: S608
                    " FROM unnest(%s::bigint[], %s::bigint[], %s::bigint[]) AS n (id, o, p)"
                    f" WHERE {TABLE}.id = n.id AND {TABLE}.position IS NULL",
                    [ids, offsets, positions],
                )
            else:
                cursor.executemany(
                    f'UPDATE {TABLE} SET "offset" = %s, position = %s WHERE id = %s AND position IS NULL',  # noqa: S608
                    list(zip(offsets, positions, ids, strict=True)),
                )
            if cursor.rowcount != len(ids):
                raise Conflict(f"only {cursor.rowcount} of {len(ids)} rows were still there to be numbered")


class _Floor:
    """The id above which a poll looks: the highest one seen `age` seconds ago, and 0 every `full_scan` seconds."""

    def __init__(self, age: float, full_scan: float) -> None:
        self._age, self._full_scan = age, full_scan
        self._seen: deque[tuple[float, int]] = deque()
        self._floor = 0
        self._next_full_scan = time.monotonic() + full_scan

    def now(self) -> int:
        now = time.monotonic()
        if now >= self._next_full_scan:
            self._next_full_scan = now + self._full_scan
            return 0
        while self._seen and self._seen[0][0] <= now - self._age:
            self._floor = max(self._floor, self._seen.popleft()[1])
        return self._floor

    def saw(self, highest_id: int) -> None:
        """Notes the highest id of a batch, at most one note a second."""
        now = time.monotonic()
        if not self._seen or now - self._seen[-1][0] >= 1.0:
            self._seen.append((now, highest_id))
