"""Jobs on the worker's side: a Celery task that a `Job` row asked for, run at least once, effective once.

    @job("media_pipeline.process_image", queue="images", time_limit=300)
    def process_image(run: RunningJob, *, media_id: str) -> None:
        ...work...
        with transaction.atomic():
            ...effect...
            run.done()

Jobs with the same concurrency key run one at a time: a worker that finds another of them running puts the row aside,
without an attempt, and goes on with other messages; who ends such a job has the next one enqueued.

The message only says which row; the row is the truth. A message whose row is gone does nothing. To run, a worker claims
the row: queued → running, one attempt more, and a lease. When nobody renews that, the relay enqueues it again. The
number of the attempt fences: a worker that lost its claim (it was taken for dead) can't call `done()`, so its effect
rolls back.
"""

import logging
import uuid
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, TypeVar

from celery import Task
from django.db import IntegrityError, transaction
from django.db.models import Q, QuerySet
from django.utils import timezone

from core.celery import GRACE_SECONDS, app
from core.failures import describe, shown
from core.leases import Lease, lease_end
from core.queues import DEFAULT, FIRST, declare
from realtime.models import Job

logger = logging.getLogger(__name__)

MAX_ATTEMPTS = 5
# After so long a job that was put aside asks again, should the one that it waits for have ended without a word.
PUT_ASIDE = timedelta(seconds=15)

F = TypeVar("F", bound=Callable[..., None])


class JobFailed(Exception):
    """Raised by a job that no repetition can help: it is dead at once, with this reason."""


class JobLost(Exception):
    """Another worker has this job now: what was done here is rolled back and forgotten."""


@dataclass(frozen=True)
class JobDefinition:
    """A job as it was registered. `time_limit` is in seconds."""

    name: str
    function: Callable[..., None]
    time_limit: int


JOBS: dict[str, JobDefinition] = {}


@dataclass
class RunningJob:
    """The claim on a row that this process holds while the job runs. `attempt` counts from 1."""

    id: uuid.UUID
    task: str
    attempt: int
    concurrency_key: str = ""
    is_done: bool = False

    def done(self) -> None:
        """Deletes the row: call it in the effect's transaction. JobLost when somebody else has claimed it since."""
        deleted, _ = Job.objects.filter(id=self.id, attempts=self.attempt).delete()
        if not deleted:
            raise JobLost(f"{self.task} {self.id}, attempt {self.attempt}")
        self.is_done = True

    def checkpoint(self, **args: Any) -> None:
        """From here on the job goes on with ARGS when it is run again: call it in the transaction of what is done.

        JobLost when somebody else has claimed it since.
        """
        if not Job.objects.filter(id=self.id, attempts=self.attempt).update(args=args):
            raise JobLost(f"{self.task} {self.id}, attempt {self.attempt}")


def job(name: str, *, queue: str = DEFAULT, time_limit: int = 300, priority: int = FIRST) -> Callable[[F], F]:
    """Registers a function as the Celery task `name` of that queue; it stays a plain function that a test can call.

    `time_limit` in seconds: then SoftTimeLimitExceeded is raised inside, and 10 s later the process is killed. The
    broker's visibility timeout has to be at least twice that. With `priority=LAST` it waits until nothing else does.
    """

    def decorate(function: F) -> F:
        if name in JOBS:
            raise ValueError(f"the job {name!r} is registered twice")
        JOBS[name] = JobDefinition(name, function, time_limit)
        declare(name, queue, priority)

        @app.task(name=name, bind=True, soft_time_limit=time_limit, time_limit=time_limit + GRACE_SECONDS)
        def on_message(task: "Task[Any, None]", /) -> None:
            delivery = task.request.delivery_info or {}
            execute(uuid.UUID(task.request.id), redelivered=bool(delivery.get("redelivered")))

        return function

    return decorate


def execute(job_id: uuid.UUID, *, redelivered: bool = False) -> bool:
    """Runs the job of that row in this process, as a message of it asks; whether it was run. Never raises for the job.

    `redelivered`: the broker gave this message to another worker first, which has died.
    """
    claimed = _claim(job_id, redelivered=redelivered)
    if claimed is None:
        return False
    run, definition, args = claimed
    try:
        with lease_of(run):
            definition.function(run, **args)
        if not run.is_done:
            run.done()
    except JobLost:
        logger.warning("job.lost task=%s id=%s attempt=%s", run.task, run.id, run.attempt)
    except JobFailed as reason:
        _bury(run, shown(str(reason)))
    except Exception as error:
        _postpone(run, describe(error))
    else:
        logger.info("job.done task=%s id=%s attempt=%s", run.task, run.id, run.attempt)
    if run.concurrency_key:
        _enqueue_next(run.concurrency_key)
    return True


def lease_of(run: RunningJob) -> Lease:
    """Keeps the claim of `run` as long as this process lives."""
    ours = Job.objects.filter(id=run.id, attempts=run.attempt, state=Job.State.RUNNING)

    def renew(end: datetime) -> int:
        return ours.update(enqueue_at=end)

    return Lease(f"{run.task} {run.id}", renew)


def _claim(job_id: uuid.UUID, *, redelivered: bool) -> tuple[RunningJob, JobDefinition, dict[str, Any]] | None:
    """Makes the row ours by compare-and-set. None: it is done, dead, not due again yet, or somebody else's."""
    row = Job.objects.filter(id=job_id).first()
    if row is None:
        return None
    now = timezone.now()
    definition = JOBS[row.task]
    # A queued row that is not due and was not sent since it became so waits for its next attempt: an old message.
    free = Q(state=Job.State.QUEUED) & (Q(sent__gt=0) | Q(enqueue_at__lte=now))
    free |= Q(state=Job.State.RUNNING) if redelivered else Q(state=Job.State.RUNNING, enqueue_at__lte=now)
    mine = Job.objects.filter(free, id=job_id, attempts=row.attempts)
    run = RunningJob(job_id, row.task, row.attempts + 1, row.concurrency_key)
    if row.attempts >= MAX_ATTEMPTS:
        # Its workers died without a word, each time: most likely of this job.
        if mine.update(state=Job.State.DEAD, error=row.error or "The worker died while it ran this."):
            _log_death(row.task, job_id, row.attempts)
        return None
    running = {"state": Job.State.RUNNING, "attempts": run.attempt, "sent": 0, "enqueue_at": lease_end()}
    claimed = _update_alone(mine, run, running) if run.concurrency_key else mine.update(**running)
    return (run, definition, row.args) if claimed else None


def _update_alone(mine: QuerySet[Job], run: RunningJob, running: dict[str, Any]) -> int:
    """Claims the row unless another one of its key is running; then it is put aside, and 0 returned."""
    others = Job.objects.filter(concurrency_key=run.concurrency_key, state=Job.State.RUNNING).exclude(pk=run.id)
    with suppress(IntegrityError):  # job_runs_alone: another worker claimed one of them at this moment
        if not others.exists():
            with transaction.atomic():
                return mine.update(**running)
    mine.update(state=Job.State.QUEUED, sent=0, enqueue_at=timezone.now() + PUT_ASIDE)
    logger.info("job.put_aside task=%s id=%s", run.task, run.id)
    return 0


def _enqueue_next(key: str) -> None:
    """Of the jobs that were put aside for one that has ended now, the oldest is due. Others rest after a failure."""
    waiting = Job.objects.filter(concurrency_key=key, state=Job.State.QUEUED, attempts=0, sent=0)
    following = waiting.order_by("created_at").values_list("pk", flat=True).first()
    if following is not None:
        waiting.filter(pk=following).update(enqueue_at=timezone.now())


def _postpone(run: RunningJob, error: str) -> None:
    if run.attempt >= MAX_ATTEMPTS:
        _bury(run, error)
        return
    wait = back_off(run.attempt)
    held = Job.objects.filter(id=run.id, attempts=run.attempt, state=Job.State.RUNNING)
    held.update(state=Job.State.QUEUED, error=error, enqueue_at=timezone.now() + wait)
    logger.warning(
        "job.failed task=%s id=%s attempt=%s again_in=%.0fs error=%r",
        run.task, run.id, run.attempt, wait.total_seconds(), error,
    )  # fmt: skip


def _bury(run: RunningJob, error: str) -> None:
    if Job.objects.filter(id=run.id, attempts=run.attempt).update(state=Job.State.DEAD, error=error):
        _log_death(run.task, run.id, run.attempt, error)


def _log_death(task: str, job_id: uuid.UUID, attempts: int, error: str = "") -> None:
    logger.error("job.dead task=%s id=%s attempts=%s error=%r", task, job_id, attempts, error)


def back_off(attempt: int) -> timedelta:
    """How long a job rests after its `attempt`th failure: 5 s, 20 s, 80 s, 320 s."""
    return timedelta(seconds=5 * 4 ** (attempt - 1))


def revive(jobs: QuerySet[Job]) -> int:
    """Gives the dead among `jobs` five attempts more, from now on. Returns how many there were."""
    dead = jobs.filter(state=Job.State.DEAD)
    return dead.update(state=Job.State.QUEUED, attempts=0, sent=0, error="", enqueue_at=timezone.now())
