"""tus writes: bytes at the end of an upload, in one extent for each block that comes."""

import threading
import time

from django.utils.http import http_date

from core import errors
from media_pipeline.bodies import Block
from media_pipeline.extents import Checksum, Writing
from media_pipeline.models import UploadSession
from media_pipeline.sealing import upload_seal
from media_pipeline.sessions import upload_discard, upload_offset

# Seconds between looks at bytes that another request holds. One that came too late for them lets go at once.
SEALING_PAUSES = (0.02, 0.04, 0.08, 0.16, 0.32, 0.64)


class Appending:
    """A `Writer` of one PATCH. What came before the connection broke is kept, unless it has a checksum to fulfil."""

    def __init__(self, session: UploadSession, offset: int, checksum: Checksum | None) -> None:
        self._session, self._offset, self._checksum = session, offset, checksum
        self._writing: Writing | None = None
        self._busy = threading.Lock()

    def take(self, block: Block) -> dict[str, str]:
        """Writes a block; headers for the answer. The last one of a complete upload seals it.

        Conflict with the code `wrong_offset` when that is not where the upload ends; else the errors of `Writing`.
        """
        with self._busy:
            writing = self._writing = self._writing or self._begin()
            try:
                writing.append(block.pieces)
                if self._checksum is None or block.is_last:
                    writing.finish()
                    self._offset = writing.end
                    self._let_go()
            except BaseException:
                self._let_go()
                raise
        return self.headers() if block.is_last else {}

    def headers(self) -> dict[str, str]:
        """How far the upload is, and its media when that was the last of it."""
        session = self._session
        headers = {"Upload-Offset": str(self._offset)}
        if self._offset == session.length and not session.is_partial:
            session = _seal(session)
        if session.media_id is not None:
            headers["Upload-Media-Id"] = str(session.media_id)
        return headers | expiry_header(session)

    def close(self) -> None:
        """Lets go of the bytes; of a request that was cancelled, when its last write has returned."""
        with self._busy:
            self._let_go()

    def _let_go(self) -> None:
        if self._writing is not None:
            self._writing.close()
            self._writing = None

    def _begin(self) -> Writing:
        writing = Writing(self._session, self._offset, checksum=self._checksum)
        try:
            if upload_offset(self._session) != self._offset:
                raise errors.Conflict("The upload does not end at this Upload-Offset: ask where.", code="wrong_offset")
        except BaseException:
            writing.close()
            raise
        return writing


class Creating(Appending):
    """A `Writer` of the request that begins an upload. Refused or cut off, it leaves no upload: no client knows it."""

    def __init__(self, session: UploadSession, checksum: Checksum | None = None) -> None:
        super().__init__(session, 0, checksum)
        self._is_settled = False

    def take(self, block: Block) -> dict[str, str]:
        try:
            headers = super().take(block)
        except BaseException:
            self._discard()
            raise
        if block.is_last and not block.is_cut:
            self._is_settled = True
        return headers

    def close(self) -> None:
        super().close()
        self._discard()

    def _discard(self) -> None:
        if not self._is_settled:
            self._is_settled = True
            upload_discard(session=self._session)


def _seal(session: UploadSession) -> UploadSession:
    """`upload_seal`, which waits 1.3 s at most: who has sent the last byte, or asks by HEAD what became of it, is not
    told Locked for the sake of another who has lost to them.
    """
    for pause in SEALING_PAUSES:
        try:
            return upload_seal(session=session)
        except errors.Locked:
            time.sleep(pause)
    return upload_seal(session=session)


def expiry_header(session: UploadSession) -> dict[str, str]:
    """`Upload-Expires`, while it does."""
    if session.state != UploadSession.State.OPEN:
        return {}
    return {"Upload-Expires": http_date(session.expires_at.timestamp())}
