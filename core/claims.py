"""Claims on idempotency keys: who runs the request of a key, and what it was answered.

A claim is committed before the effect, so that a rival sees it, and is leased: when the server that held it was
killed, the next request with the key takes it over. The answer is stored in the effect's transaction, by whoever still
holds the claim; so neither exists without the other, and a server that was only slow rolls its effect back.
"""

import logging
from dataclasses import dataclass, field
from datetime import timedelta

from django.conf import settings
from django.db import DatabaseError, connection
from django.utils import timezone

from core.errors import Conflict, Unprocessable
from core.models import IdempotencyKey

log = logging.getLogger(__name__)

KEPT_FOR = timedelta(hours=24)
# How many rows one DELETE of `trim` takes.
CHUNK = 5_000

# A new key; one of a day ago; or one whose server left it. In one statement, so that of rivals exactly one gets it.
_CLAIM = """
    INSERT INTO core_idempotencykey AS held
        (user_id, key, fingerprint, attempt, leased_until, expires_at, headers)
    VALUES (%s, %s, %s, 1, %s, %s, '{}')
    ON CONFLICT (user_id, key) DO UPDATE SET
        fingerprint = excluded.fingerprint, attempt = held.attempt + 1, leased_until = excluded.leased_until,
        expires_at = excluded.expires_at, status = NULL, headers = '{}', body = NULL
    WHERE held.expires_at <= %s
        OR (held.status IS NULL AND held.leased_until <= %s AND held.fingerprint = excluded.fingerprint)
    RETURNING id, attempt
"""


@dataclass(frozen=True, slots=True)
class Answer:
    """What the client got; `headers` are those that a replay repeats."""

    status: int
    body: bytes
    headers: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Claim:
    """The right to run the request, until the lease ends and another one has claimed it."""

    id: int
    attempt: int

    def keep(self, answer: Answer) -> None:
        """Stores the answer: call it in the effect's transaction. Raises Conflict when the claim was lost meanwhile."""
        mine = IdempotencyKey.objects.filter(pk=self.id, attempt=self.attempt, status__isnull=True)
        if not mine.update(status=answer.status, body=answer.body, headers=answer.headers):
            raise in_flight()

    def release(self) -> None:
        """Frees the key, as nothing happened; an answer that was stored stays."""
        try:
            IdempotencyKey.objects.filter(pk=self.id, attempt=self.attempt, status__isnull=True).delete()
        except DatabaseError as error:  # the lease will end
            log.warning("idempotency_key_not_released id=%d error=%s", self.id, type(error).__name__)


def in_flight() -> Conflict:
    return Conflict("A request with this Idempotency-Key is still being answered: try again shortly.", code="in_flight")


def claim(*, user_id: int, key: str, fingerprint: str) -> Claim | Answer:
    """The claim, or the answer that the same request got before.

    Raises Unprocessable (`idempotency_mismatch`) for another request under that key, and Conflict (`in_flight`) while
    the same one runs. One query; one more unless the claim is got.
    """
    now = timezone.now()
    lease_end = now + timedelta(seconds=settings.IDEMPOTENCY_LEASE_SECONDS)
    at, leased_until, expires_at = map(connection.ops.adapt_datetimefield_value, (now, lease_end, now + KEPT_FOR))
    with connection.cursor() as cursor:
        cursor.execute(_CLAIM, [user_id, key, fingerprint, leased_until, expires_at, at, at])
        claimed = cursor.fetchone()
    if claimed is not None:
        return Claim(*claimed)
    held = IdempotencyKey.objects.filter(user=user_id, key=key).first()
    if held is not None and held.fingerprint != fingerprint:
        raise Unprocessable(
            "This Idempotency-Key was used for another request: make a new one for each.", code="idempotency_mismatch"
        )
    if held is None or held.status is None or held.body is None:
        raise in_flight()
    return Answer(held.status, bytes(held.body), held.headers)


def trim() -> int:
    """Deletes the keys whose day is over, in chunks. Returns how many; running twice at once does no harm."""
    deleted = 0
    while ids := list(
        IdempotencyKey.objects.filter(expires_at__lte=timezone.now())
        .order_by("expires_at")
        .values_list("pk", flat=True)[:CHUNK]
    ):
        deleted += IdempotencyKey.objects.filter(pk__in=ids, expires_at__lte=timezone.now()).delete()[0]
    log.info("idempotency_keys_trimmed keys=%d", deleted)
    return deleted
