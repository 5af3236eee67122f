"""Beginning a day: beat ticks, and the database says where it is morning and nobody has begun yet."""

import logging
from collections.abc import Iterable
from datetime import date, datetime, timedelta

from django.db import connection, transaction

from accounts.models import Profile
from posts.digests import calendar, contents, ledger
from posts.digests.ledger import Lane
from posts.models import Digest, DigestRun
from realtime.jobs import RunningJob, job
from realtime.outbox import record_job

log = logging.getLogger(__name__)

QUEUE = "mail"
PLAN = "posts.plan_digests"
SEND = "posts.send_digests"
# Rows of the ledger that one transaction writes, in some 20 ms.
CHUNK = 500
# How many jobs send a zone's digests side by side, if there are workers for them. Each asks for the next when it ends,
# and all are of the last priority, so that a mail about somebody's password waits for one short job at most. Planning,
# which may take longer, is of another queue.
LANES = 4
# A zone of so few has one lane, and so one connection to the mail server.
SMALL = 100

# Leaps from each zone to the next one through the index `profile_digest_zone`: as many steps as there are zones.
_ZONES = f"""
    WITH RECURSIVE found(zone) AS (
        SELECT min(timezone) FROM {Profile._meta.db_table} WHERE digest
        UNION ALL
        SELECT (SELECT min(timezone) FROM {Profile._meta.db_table} WHERE digest AND timezone > found.zone)
        FROM found WHERE found.zone IS NOT NULL
    )
    SELECT zone FROM found WHERE zone IS NOT NULL
"""  # noqa: S608


def begin(*, now: datetime | None = None) -> list[tuple[str, date]]:
    """Begins the digests of every zone in which it is six on a weekday or later, once for each zone and day.

    Two queries unless there is something to begin. What earlier days left open is closed.
    """
    now = now or calendar.clock()
    # Two days ago is over everywhere.
    if any((closed := ledger.close_old(before=now.date() - timedelta(days=1))).values()):
        log.warning("digests_left_open missed=%(missed)d ambiguous=%(ambiguous)d", closed)
    due = {(zone, day) for zone in _zones() if (day := calendar.day_to_begin(now, zone)) is not None}
    begun = [(zone, day) for zone, day in sorted(due - _begun(day for _, day in due)) if _begin_one(zone, day)]
    for zone, day in begun:
        log.info("digests_begun zone=%s day=%s", zone, day)
    return begun


def _zones() -> list[str]:
    """The time zones of all who get digests."""
    with connection.cursor() as cursor:
        cursor.execute(_ZONES)
        return [zone for (zone,) in cursor.fetchall()]


def _begun(days: Iterable[date]) -> set[tuple[str, date]]:
    return set(DigestRun.objects.filter(local_date__in=set(days)).values_list("timezone", "local_date"))


@transaction.atomic
def _begin_one(zone: str, day: date) -> bool:
    """Of several beats, the one whose row it is begins the day."""
    _, is_ours = DigestRun.objects.get_or_create(local_date=day, timezone=zone)
    if is_ours:
        record_job(PLAN, day=day.isoformat(), zone=zone)
    return is_ours


@job(PLAN, queue="follows", time_limit=900)
def plan_digests(run: RunningJob, *, day: str, zone: str, after: int = 0) -> None:
    """Writes a row of the ledger for each person of that zone whose id is beyond AFTER, then has them sent.

    A transaction for each chunk, which also says in the job how far it got. Nothing is written for a day that is over.
    """
    local_date = date.fromisoformat(day)
    if after == 0:
        since, until = calendar.window(local_date, zone)
        best = contents.best_rated(since, until)
        DigestRun.objects.filter(local_date=local_date, timezone=zone).update(best=best)
    while calendar.local_date(calendar.clock(), zone) == local_date:
        with transaction.atomic():
            people = _next_people(zone, after)
            if not people:
                break
            write_rows(local_date, zone, people)
            after = people[-1]
            run.checkpoint(day=day, zone=zone, after=after)
    else:
        log.warning("digests_too_late zone=%s day=%s", zone, day)
    with transaction.atomic():
        count = Lane(day=local_date, zone=zone).pending().count()
        lanes = LANES if count > SMALL else 1
        for lane in range(lanes if count else 0):
            record_job(SEND, day=day, zone=zone, lane=lane, lanes=lanes)
        run.done()


def write_rows(day: date, zone: str, people: list[int]) -> None:
    """Who has a row of that day already, by another zone, keeps it."""
    rows = [Digest(user_id=person, local_date=day, timezone=zone) for person in people]
    Digest.objects.bulk_create(rows, ignore_conflicts=True)


def _next_people(zone: str, after: int) -> list[int]:
    """Only those who have confirmed their address: a digest names recipes that the registrant chose by following."""
    wanted = Profile.objects.filter(
        digest=True,
        timezone=zone,
        user_id__gt=after,
        user__is_active=True,
        user__email_verified_at__isnull=False,
    )
    return list(wanted.order_by("user_id").values_list("user_id", flat=True)[:CHUNK])
