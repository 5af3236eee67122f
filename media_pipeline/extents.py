"""Bytes of an upload on their way to disk: none is acknowledged before it is safe, none that was is written again."""

import hashlib
import hmac
import uuid
from collections.abc import Iterable
from contextlib import AbstractContextManager
from dataclasses import dataclass

from django.db import transaction

from core import errors
from media_pipeline.models import Extent, UploadSession
from media_pipeline.quotas import reserve
from media_pipeline.sessions import keep_alive, require_open
from media_pipeline.stores import Region, store

CHECKSUM_MISMATCH = "checksum_mismatch"


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
        self._region = self._held.__enter__()
        self._open = True
        self._size = 0
        self._sha256 = hashlib.sha256()
        other = checksum is not None and checksum.algorithm != "sha256"
        self._other = hashlib.new(checksum.algorithm, usedforsecurity=False) if checksum and other else None
        try:
            # Asked under the lock: whoever seals or writes these bytes has to hold it as well.
            session.refresh_from_db(fields=["state", "length", "expires_at"])
            require_open(session)
            self._acknowledged = session.extents.filter(offset=offset).first()
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
                raise errors.TooLarge("These are more bytes than the upload was declared to have.")
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
        if self._acknowledged is not None:
            if (self._acknowledged.length, self._acknowledged.sha256) != (self._size, digest):
                raise errors.Conflict("Other bytes were acknowledged there before.", code="other_bytes")
            return False
        self._region.sync()
        with transaction.atomic():
            if self._session.length is None:
                reserve(owner_id=self._session.owner_id, size=self._size)
            Extent.objects.create(session=self._session, offset=self._offset, length=self._size, sha256=digest)
        keep_alive(self._session)
        return True

    def close(self) -> None:
        """Lets go of the bytes. What was not finished is forgotten."""
        if self._open:
            self._open = False
            self._held.__exit__(None, None, None)


def extents_digest(session_ids: Iterable[uuid.UUID]) -> str:
    """Names the bytes of these uploads, one after another, by the hashes of their extents: nothing is read again."""
    digest = hashlib.sha256()
    for session_id in session_ids:
        rows = Extent.objects.filter(session=session_id).order_by("offset").values_list("length", "sha256")
        for length, sha256 in rows.iterator():
            digest.update(f"{length}:{sha256};".encode())
    return digest.hexdigest()
