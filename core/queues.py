"""The queues: which there are, and which task is of which. Each has workers of its own in Compose and the Procfile."""

from typing import Any

from django.utils.module_loading import autodiscover_modules

DEFAULT = "default"
# Of them `follows` is for what grows with the number of followers, `media` for what takes minutes, `mail` for what
# waits for a mail server: so that none of these holds up the others.
QUEUES = (DEFAULT, "follows", "media", "mail")

# {task: queue}, as `@job` and `@periodic` declare.
DECLARED: dict[str, str] = {}


def declare(task: str, queue: str) -> None:
    """Messages for `task` go to `queue`. ValueError: no worker serves such a queue."""
    if queue not in QUEUES:
        raise ValueError(f"{task}: {queue!r} is none of the queues {', '.join(QUEUES)}")
    DECLARED[task] = queue


def queue_of(task: str) -> str:
    """The queue of the task of that name. LookupError: there is none."""
    if task not in DECLARED:
        autodiscover_modules("tasks")  # a web server, which runs none of them, may not have met it yet
    if task not in DECLARED:
        raise LookupError(f"No task is registered as {task!r}.")
    return DECLARED[task]


def route(name: str, *_: Any, **__: Any) -> dict[str, str] | None:
    """Celery's router (CELERY_TASK_ROUTES), which it asks when the sender names no queue."""
    return {"queue": DECLARED[name]} if name in DECLARED else None
