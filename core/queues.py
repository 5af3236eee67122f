"""The queues: which there are, and which task is of which. Each has workers of its own in Compose and the Procfile."""

from functools import cache
from typing import Any

from django.utils.module_loading import autodiscover_modules

DEFAULT = "default"
# `follows` is for what grows with the network (followers first of all), `images` for pictures and the end of uploads,
# `media` for films, which take minutes, `mail` for what waits for a mail server: none of these holds up the others.
QUEUES = (DEFAULT, "follows", "images", "media", "mail")

# Priorities of messages, of those that kombu keeps in Redis (0, 3, 6, 9): a worker takes one of the last only when
# none of the first waits in any of its queues.
FIRST, LAST = 0, 9

# {task: queue}, as `@job` and `@periodic` declare; and {task: priority} of those that are not of the first.
DECLARED: dict[str, str] = {}
_PRIORITIES: dict[str, int] = {}


def declare(task: str, queue: str, priority: int = FIRST) -> None:
    """Messages for `task` go to `queue`. ValueError: no worker serves such a queue, or there is no such priority."""
    if queue not in QUEUES:
        raise ValueError(f"{task}: {queue!r} is none of the queues {', '.join(QUEUES)}")
    if priority not in (FIRST, LAST):
        raise ValueError(f"{task}: {priority} is neither of the priorities {FIRST} and {LAST}")
    DECLARED[task] = queue
    if priority != FIRST:
        _PRIORITIES[task] = priority


def queue_of(task: str) -> str:
    """The queue of the task of that name. LookupError: there is none."""
    _meet(task)
    if task not in DECLARED:
        raise LookupError(f"No task is registered as {task!r}.")
    return DECLARED[task]


def priority_of(task: str) -> int:
    """The priority of messages for the task of that name; the first of one that nobody knows (an older release's)."""
    _meet(task)
    return _PRIORITIES.get(task, FIRST)


def _meet(task: str) -> None:
    """A web server or relay, which runs none of them, may not have met it yet."""
    if task not in DECLARED:
        _meet_all()


@cache
def _meet_all() -> None:
    autodiscover_modules("tasks")


def route(name: str, *_: Any, **__: Any) -> dict[str, str] | None:
    """Celery's router (CELERY_TASK_ROUTES), which it asks when the sender names no queue."""
    return {"queue": DECLARED[name]} if name in DECLARED else None
