"""The states of digests. Each step is one compare-and-set UPDATE, committed at once: what a crash leaves is true.

pending ──▶ empty, skipped, missed, failed
   │ ▲
   ▼ │ the mail server did not take it, for certain
sending ──▶ sent, failed, ambiguous
"""

from dataclasses import dataclass
from datetime import date, timedelta

from django.db.models import Count, F, QuerySet
from django.db.models.functions import Mod
from django.utils import timezone

from posts.models import Digest, DigestRun

State = Digest.State
# A mail that the server puts off so often is given up.
TRIES = 6
# Closed rows are kept as long, for people to look at.
KEPT_FOR = timedelta(days=60)
CHUNK = 2_000


@dataclass(frozen=True, kw_only=True)
class Lane:
    """A share of the digests of one day in one zone: of the people whose ids divided by `lanes` leave `lane`.

    One job at a time sends a lane's, in the order of those ids.
    """

    day: date
    zone: str
    lane: int = 0
    lanes: int = 1

    def digests(self) -> QuerySet[Digest]:
        rows = Digest.objects.filter(local_date=self.day, timezone=self.zone)
        if self.lanes == 1:
            return rows
        return rows.alias(remainder=Mod(F("user_id"), self.lanes)).filter(remainder=self.lane)

    def pending(self) -> QuerySet[Digest]:
        return self.digests().filter(state=State.PENDING).order_by("user_id")


def claim(digest: Digest) -> bool:
    """Before its mail is handed over: whether it is ours to send. It never is again, unless it is given back."""
    return bool(_step(digest, State.PENDING, to=State.SENDING))


def give_back(digest: Digest, *, code: int) -> None:
    """The mail server has put it off with CODE, and has not taken it for certain: later, but TRIES times at most."""
    tries = digest.tries + 1
    _step(digest, State.SENDING, to=State.FAILED if tries >= TRIES else State.PENDING, note=str(code), tries=tries)


def sent(digest: Digest) -> None:
    """The mail server has taken it: true also when somebody took us for dead meanwhile."""
    _step(digest, State.SENDING, State.AMBIGUOUS, to=State.SENT)


def settle(digest: Digest, state: Digest.State, note: str = "") -> None:
    """Closes one that is in hand, before or after its claim."""
    _step(digest, *Digest.OPEN, to=state, note=note[:40])


def settle_orphans(lane: Lane) -> int:
    """Whoever sent these is gone (or taken for it): they are ambiguous. How many."""
    orphans = lane.digests().filter(state=State.SENDING)
    return orphans.update(state=State.AMBIGUOUS, note="the worker died", changed_at=timezone.now())


def miss(lane: Lane) -> int:
    """The day is over: those whose turn has not come are not sent any more. How many."""
    return lane.digests().filter(state=State.PENDING).update(state=State.MISSED, changed_at=timezone.now())


def close_old(*, before: date) -> dict[str, int]:
    """Closes what days before that left open, for its job is dead. How many were missed, and are ambiguous."""
    now = timezone.now()
    old = Digest.objects.filter(local_date__lt=before)
    return {
        "missed": old.filter(state=State.PENDING).update(state=State.MISSED, changed_at=now),
        "ambiguous": old.filter(state=State.SENDING).update(state=State.AMBIGUOUS, changed_at=now),
    }


def counts(*, since: date) -> dict[str, int]:
    """How many digests of the days from SINCE on are in each state; one query, on an index alone. Zeros included."""
    found = Digest.objects.filter(local_date__gte=since).values_list("state").annotate(count=Count("id")).order_by()
    return dict.fromkeys(State.values, 0) | dict(found)


def trim() -> int:
    """Forgets digests and runs of long ago, the former in chunks; how many. Running it twice at once does no harm.

    A run comes back to nobody: a day is begun while it lasts.
    """
    before = timezone.now().date() - KEPT_FOR
    old = Digest.objects.filter(local_date__lt=before).exclude(state__in=Digest.OPEN)
    # Forty a day at most.
    deleted = DigestRun.objects.filter(local_date__lt=before).delete()[0]
    while ids := list(old.values_list("pk", flat=True)[:CHUNK]):
        deleted += Digest.objects.filter(pk__in=ids).delete()[0]
    return deleted


def _step(digest: Digest, *states: Digest.State, to: Digest.State, **changes: str | int) -> int:
    mine = Digest.objects.filter(pk=digest.pk, state__in=states)
    return mine.update(state=to, changed_at=timezone.now(), **changes)
