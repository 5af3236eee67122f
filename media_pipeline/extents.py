"""Bytes of an upload on their way in: none is acknowledged before it is safe, none that was is written again."""

import hashlib
import hmac
import uuid
from collections.abc import Iterable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from functools import cache

from django.db import connection, transaction
from django.db.models import BigIntegerField, OuterRef, Subquery, UUIDField

from core import errors
from core.prepared import Parameter, Prepared
from media_pipeline.models import Extent, UploadSession
from media_pipeline.quotas import lock_owner, require_room
from media_pipeline.sessions import keep_alive, require_open
from media_pipeline.stores import Region, store

CHECKSUM_MISMATCH = "checksum_mismatch"
# By hand, as for every chunk. Whoever writes this row first has the offset, whatever the store does.
_INSERT = f"""
    INSERT INTO {Extent._meta.db_table} (session_id, "offset", length, sha256, place)
    SELECT %s, %s, %s, %s, %s
    WHERE EXISTS (SELECT 1 FROM {UploadSession._meta.db_table} WHERE id = %s AND state = 'open')
    ON CONFLICT (session_id, "offset") DO NOTHING
"""  # noqa: S608


@dataclass(frozen=True)
class Checksum:
    """What a client says its bytes hash to; `algorithm` is sha256 or sha1 (which tus asks for)."""

    algorithm: str
    digest: bytes


class Writing:
    """One extent, from the lock to the row: `append` any number of times, then `finish`; `close` in any case.

    What another has acknowledged at the same offset stays as it is: then the bytes are only compared.
    """

    def __init__(
        self, session: UploadSession, offset: int, *, length: int = 0, checksum: Checksum | None = None
    ) -> None:
        """Locks LENGTH bytes from OFFSET on (0: all the rest). Locked, Gone, or Conflict for a sealed upload."""
        self._session, self._offset, self._checksum = session, offset, checksum
        self._held: AbstractContextManager[Region] = store.region(session.pk, offset, length)
        try:
            self._region = self._held.__enter__()
        except errors.Gone:
            # Of one that is complete, the job has put the bytes elsewhere.
            _look(session, offset)
            require_open(session)
            raise
        self._open = True
        self._size = 0
        self._sha256 = hashlib.sha256()
        other = checksum is not None and checksum.algorithm != "sha256"
        self._other = hashlib.new(checksum.algorithm, usedforsecurity=False) if checksum and other else None
        try:
            # Asked under the lock: whoever seals or writes these bytes has to hold it as well.
            self._acknowledged = _look(session, offset)
            require_open(session)
        except BaseException:
            self.close()
            raise

    @property
    def end(self) -> int:
        """Where the next byte goes."""
        return self._offset + self._size

    def append(self, pieces: Iterable[bytes]) -> None:
        """Takes bytes, which are not acknowledged yet. StorageFull; TooLarge past the declared length."""
        for piece in pieces:
            if self._session.length is not None and self.end + len(piece) > self._session.length:
                raise _too_long()
            self._sha256.update(piece)
            if self._other is not None:
                self._other.update(piece)
            if self._acknowledged is None:
                self._region.write(self.end, [piece])
            self._size += len(piece)

    def finish(self) -> bool:
        """Acknowledges what was appended; False when the very same bytes were before.

        Unprocessable with `checksum_mismatch` when they are not what the client says, Conflict when others lie there:
        then nothing is kept.
        """
        if self._checksum is not None:
            found = (self._other or self._sha256).digest()
            if not hmac.compare_digest(found, self._checksum.digest):
                raise errors.Unprocessable(
                    "The bytes do not have the checksum that came with them.", code="checksum_mismatch"
                )
        if not self._size:
            return False
        digest = self._sha256.hexdigest()
        if self._acknowledged is None:
            place = self._region.sync(self._sha256.digest())
            if self._acknowledge(digest, place):
                keep_alive(self._session)
                return True
            # Another was faster, or the upload has ended.
            self._region.discard()
            self._acknowledged = _look(self._session, self._offset)
            require_open(self._session)
        if self._acknowledged != (self._size, digest):
            raise errors.Conflict("Other bytes were acknowledged there before.", code="other_bytes")
        return False

    def _acknowledge(self, digest: str, place: str) -> bool:
        if self._session.length is not None:
            return self._insert(digest, place)
        try:
            with transaction.atomic():
                owner = lock_owner(self._session.owner_id)
                # Held: a length that is declared now counts these bytes, or they count it.
                uploads = UploadSession.objects.select_for_update(no_key=True).filter(pk=self._session.pk)
                length = uploads.values_list("length", flat=True).first()
                if length is not None and self.end > length:
                    raise _too_long()
                require_room(owner=owner, size=0 if length is not None else self._size)
                return self._insert(digest, place)
        except errors.DomainError:
            self._region.discard()
            raise

    def _insert(self, digest: str, place: str) -> bool:
        session_id = self._session._meta.pk.get_db_prep_value(self._session.pk, connection)
        with connection.cursor() as cursor:
            cursor.execute(_INSERT, [session_id, self._offset, self._size, digest, place, session_id])
            return bool(cursor.rowcount)

    def close(self) -> None:
        """Lets go of the bytes. What was not finished is forgotten."""
        if self._open:
            self._open = False
            self._held.__exit__(None, None, None)


def _too_long() -> errors.TooLarge:
    return errors.TooLarge("These are more bytes than the upload was declared to have.")


def _look(session: UploadSession, offset: int) -> tuple[int, str] | None:
    """Brings SESSION up to date; (length, hash) of what is acknowledged at OFFSET. One query."""
    found = _prepared_look().fetch({"upload": session.pk, "offset": offset}, limit=1)
    if not found:
        raise errors.Gone("The upload is no longer here.", code="upload_gone")
    row = found[0]
    session.state, session.length, session.expires_at = row["state"], row["length"], row["expires_at"]
    return (row["known_length"], row["known_sha256"]) if row["known_length"] is not None else None


@cache
def _prepared_look() -> Prepared:
    known = Extent.objects.filter(session=OuterRef("pk"), offset=Parameter("offset", BigIntegerField()))
    uploads = UploadSession.objects.filter(pk=Parameter("upload", UUIDField()))
    return Prepared(
        uploads.annotate(
            known_length=Subquery(known.values("length")), known_sha256=Subquery(known.values("sha256"))
        ).values("state", "length", "expires_at", "known_length", "known_sha256")
    )


def extents_digest(session_ids: Iterable[uuid.UUID]) -> str:
    """Names the bytes of these uploads, one after another, by the hashes of their extents: nothing is read again."""
    digest = hashlib.sha256()
    for session_id in session_ids:
        rows = Extent.objects.filter(session=session_id).order_by("offset").values_list("length", "sha256")
        for length, sha256 in rows.iterator():
            digest.update(f"{length}:{sha256};".encode())
    return digest.hexdigest()
