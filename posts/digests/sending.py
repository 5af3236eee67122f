"""Sending: a job takes the next of its lane, in turn, over one connection to the mail server."""

import logging
import time
from datetime import date, timedelta
from typing import Any

from celery.exceptions import SoftTimeLimitExceeded
from django.core.mail import EmailMultiAlternatives
from django.db import DatabaseError, transaction
from django.utils import timezone

from accounts.models import User
from core.failures import describe
from core.mail import Mailer, MaybeSent, Refused, ServerAway
from core.queues import LAST
from posts.digests import calendar, ledger
from posts.digests.contents import contents_for
from posts.digests.ledger import Lane
from posts.digests.letter import write
from posts.digests.planning import QUEUE, SEND
from posts.models import Digest, DigestRun
from realtime.jobs import RunningJob, job
from realtime.outbox import record_job

log = logging.getLogger(__name__)

State = Digest.State
# A job ends after so many, or after so many seconds, and asks for the next: other mails get their turn, and a worker
# that is told to stop has soon finished what it is at.
BATCH, SECONDS = 100, 8.0
# When the mail server cannot be reached, and when it has put mails off.
AWAY, PUT_OFF = timedelta(minutes=5), timedelta(minutes=15)


@job(SEND, queue=QUEUE, time_limit=300, priority=LAST)
def send_digests(run: RunningJob, *, day: str, zone: str, lane: int = 0, lanes: int = 1, after: int = 0) -> None:
    """Sends the next digests of a lane, those of people whose ids are beyond AFTER.

    What a worker that died had in hand may have been sent, and is not sent again. Killed again and again it gets on, as
    long as each run settles one. Not a mail is sent when the day is over.
    """
    share = Lane(day=date.fromisoformat(day), zone=zone, lane=lane, lanes=lanes)
    args: dict[str, str | int] = {"day": day, "zone": zone, "lane": lane, "lanes": lanes}
    if orphans := ledger.settle_orphans(share):
        log.warning("digests_ambiguous zone=%s day=%s count=%d", zone, day, orphans)
    if calendar.local_date(calendar.clock(), zone) != share.day:
        if missed := ledger.miss(share):
            log.warning("digests_missed zone=%s day=%s count=%d", zone, day, missed)
        run.done()
        return
    turn = list(share.pending().filter(user_id__gt=after)[:BATCH])
    if run.attempt > 1 and turn and _got_on(share, after, turn[0]):
        # A job has five attempts, and this one's workers were killed. What is left gets five of its own.
        _hand_on(run, args, after=turn[0].user_id - 1)
        return
    best = DigestRun.objects.filter(local_date=share.day, timezone=zone).values_list("best", flat=True).first()
    begun = time.monotonic()
    with Mailer() as mailer:
        for digest in turn:
            try:
                send_one(digest, mailer, best=best or [])
            except ServerAway as error:
                log.warning("digests_wait zone=%s day=%s seconds=%d error=%r", zone, day, AWAY.seconds, str(error))
                _hand_on(run, args, after=after, wait=AWAY)
                return
            after = digest.user_id
            if time.monotonic() - begun > SECONDS:
                break
    if share.pending().filter(user_id__gt=after).exists():
        _hand_on(run, args, after=after)
    elif share.pending().exists():
        _hand_on(run, args, after=0, wait=PUT_OFF)
    else:
        run.done()


def send_one(digest: Digest, mailer: Mailer, *, best: list[int]) -> None:
    """Brings one pending digest to its end; or leaves it pending, and raises ServerAway if the mail server is."""
    message = _message_of(digest, best)
    if message is None:
        return
    mailer.open()
    if not ledger.claim(digest):
        return  # somebody else has it
    try:
        mailer.send(message)
    except ServerAway:
        # Counted as put off, so that one at which the server always hangs up does not hold up the others all day.
        ledger.give_back(digest, code=421)
        raise
    except Refused as refusal:
        if refusal.is_temporary:
            ledger.give_back(digest, code=refusal.code)
        else:
            ledger.settle(digest, State.FAILED, str(refusal.code))
    except ValueError as error:
        # An address that cannot be written on an envelope: nothing was handed over.
        _fail(digest, error)
    except MaybeSent as error:
        ledger.settle(digest, State.AMBIGUOUS, str(error))
        log.warning("digests_ambiguous zone=%s day=%s count=1", digest.timezone, digest.local_date)
    else:
        ledger.sent(digest)


def _message_of(digest: Digest, best: list[int]) -> EmailMultiAlternatives | None:
    """The mail, by what is true at this moment; None when there is none, and the digest is closed."""
    user = User.objects.select_related("profile").filter(pk=digest.user_id).first()
    if user is None:
        return None  # and its digest is gone, too
    if not user.is_active or not user.email_verified or not user.profile.digest:
        is_reachable = user.is_active and user.email_verified
        ledger.settle(digest, State.SKIPPED, "not wanted" if is_reachable else "nobody to send to")
        return None
    # They may have moved since the morning, to where it is another day, a Saturday perhaps.
    if calendar.local_date(calendar.clock(), user.profile.timezone) != digest.local_date:
        ledger.settle(digest, State.MISSED)
        return None
    try:
        since, until = calendar.window(digest.local_date, digest.timezone)
        contents = contents_for(user, since=since, until=until, best=best)
        if contents:
            return write(user, contents, day=digest.local_date)
    except (DatabaseError, SoftTimeLimitExceeded):
        raise  # of the job, not of this digest
    except Exception as error:
        # One that cannot be written holds up no other.
        _fail(digest, error)
        return None
    ledger.settle(digest, State.EMPTY)
    return None


def _fail(digest: Digest, error: Exception) -> None:
    # Without its traceback, whose last line may hold an address.
    log.error("digest_failed user=%d error=%r", digest.user_id, describe(error))
    ledger.settle(digest, State.FAILED, type(error).__name__)


def _got_on(share: Lane, after: int, first: Digest) -> bool:
    """Whether any before FIRST was settled by this job."""
    return share.digests().filter(user_id__gt=after, user_id__lt=first.user_id).exists()


def _hand_on(run: RunningJob, args: dict[str, Any], *, after: int, wait: timedelta | None = None) -> None:
    """The rest is another job's."""
    with transaction.atomic():
        record_job(SEND, at=timezone.now() + wait if wait else None, **args, after=after)
        run.done()
