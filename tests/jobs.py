"""Running jobs in the test's own process, as a worker would."""

from django.utils.module_loading import autodiscover_modules

from realtime.enqueueing import due_jobs
from realtime.jobs import execute


def run_jobs() -> list[str]:
    """Runs every due job, those that jobs record included, until none is due. Returns the tasks run, in order.

    A job that fails stays for its next attempt, which is not due yet; one that raises JobFailed is dead. The reason is
    in the row's `error` and in the log.
    """
    autodiscover_modules("tasks")
    tasks = []
    while (job := due_jobs().first()) is not None:
        assert execute(job.id), f"{job} is due, and yet nobody may run it"
        tasks.append(job.task)
    return tasks
