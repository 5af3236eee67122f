"""Periodic tasks: what beat starts by a schedule (core/schedules.py), and how the last run of each went.

    @periodic("posts.trim_views")
    def trim_views() -> None: ...

A tick may come twice (two beats, a message delivered again) or late, so each task is idempotent and looks in the
database for what there is to do. A run has its task for itself; a tick that comes meanwhile does nothing. What a run
raises stands in its row of PeriodicRun, which the admin shows and the alarm `periodic_tasks` looks at, until a later
run goes well.
"""

import logging
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import TypeVar

from django.db.models import F, Q
from django.utils import timezone

from core.celery import GRACE_SECONDS, app
from core.failures import describe
from core.leases import Lease, lease_end
from core.models import PeriodicRun
from core.queues import DEFAULT, declare

log = logging.getLogger(__name__)

F_ = TypeVar("F_", bound=Callable[[], object])


@dataclass(frozen=True)
class PeriodicTask:
    """A periodic task as it was registered. `time_limit` is in seconds."""

    name: str
    function: Callable[[], object]
    time_limit: int
    alone: bool


PERIODIC_TASKS: dict[str, PeriodicTask] = {}


def periodic(name: str, *, queue: str = DEFAULT, time_limit: int = 300, alone: bool = True) -> Callable[[F_], F_]:
    """Registers a function as the periodic task `name` of that queue; it stays a plain function that a test can call.

    `time_limit` in seconds: then SoftTimeLimitExceeded is raised inside, and 10 s later the process is killed.
    `alone=False`: runs do not wait for the lease of one that was killed, as any number of them may be at work.
    """

    def decorate(function: F_) -> F_:
        if name in PERIODIC_TASKS:
            raise ValueError(f"the periodic task {name!r} is registered twice")
        PERIODIC_TASKS[name] = PeriodicTask(name, function, time_limit, alone)
        declare(name, queue)

        @app.task(name=name, soft_time_limit=time_limit, time_limit=time_limit + GRACE_SECONDS)
        def on_tick() -> None:
            run(name)

        return function

    return decorate


def run(name: str) -> bool:
    """Runs the periodic task of that name in this process, as a tick of it asks; whether it was run.

    Never raises for the task: its row and the log say how it went.
    """
    task = PERIODIC_TASKS[name]
    attempt = _claim(task)
    if attempt is None:
        log.info("periodic.skipped task=%s: it is running", name)
        return False
    ours = PeriodicRun.objects.filter(task=name, attempt=attempt)

    def renew(end: datetime) -> int:
        return ours.update(leased_until=end)

    try:
        with Lease(name, renew):
            task.function()
    except Exception as error:
        reason = describe(error)
        log.error("periodic.failed task=%s error=%r", name, reason)
        failed = {"failures": F("failures") + 1, "error": reason}
        if not ours.update(leased_until=None, finished_at=timezone.now(), **failed) and not task.alone:
            # Another has begun meanwhile, as it may, and has the lease; this one has failed all the same.
            PeriodicRun.objects.filter(task=name).update(**failed)
    else:
        now = timezone.now()
        ours.update(leased_until=None, finished_at=now, succeeded_at=now, failures=0, error="")
    return True


def _claim(task: PeriodicTask) -> int | None:
    """The number of the run that begins, by compare-and-set; None while another has the task."""
    row, _ = PeriodicRun.objects.get_or_create(task=task.name)
    now = timezone.now()
    free = Q(leased_until__isnull=True) | Q(leased_until__lte=now)
    mine = PeriodicRun.objects.filter(free if task.alone else Q(), task=task.name, attempt=row.attempt)
    has_died = row.leased_until is not None and row.leased_until <= now
    died = {"failures": F("failures") + 1, "error": "Its worker died while it ran."} if has_died else {}
    claimed = mine.update(attempt=row.attempt + 1, started_at=now, leased_until=lease_end(), **died)
    return row.attempt + 1 if claimed else None
