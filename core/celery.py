"""The Celery application: `celery -A core worker`, `celery -A core beat`. Queues: core/queues.py.

How workers and beat behave stands here, as nothing of it depends on where Simmer runs; where the broker is, in the
settings. tests/operations/test_workers.py shows what each is good for.
"""

import logging
import os
from typing import Any

from celery import Celery, signals

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "core.settings")

# A task's soft limit raises inside it; the hard one kills its process this much later.
GRACE_SECONDS = 10

app = Celery("simmer")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()


@app.add_defaults
def behaviour() -> dict[str, Any]:
    return {
        "timezone": "UTC",
        # What a task has done is in the database.
        "task_ignore_result": True,
        "task_default_queue": "default",
        "task_routes": ["core.queues.route"],
        # A message is gone once its task has ended, and not if its process was killed: tasks are idempotent.
        "task_acks_late": True,
        "task_reject_on_worker_lost": True,
        # Nobody keeps messages that another worker could begin with.
        "worker_prefetch_multiplier": 1,
        # What a library leaks ends with its process.
        "worker_max_tasks_per_child": 1000,
        # Asked to end by SIGQUIT (by SIGTERM too, with REMAP_SIGTERM=SIGQUIT in the environment; else that waits for
        # ever), a worker lets what it is at go on for so long, then gives it back.
        "worker_soft_shutdown_timeout": 10.0,
        # Of tasks that declare none: the first is raised inside, the second kills the process.
        "task_soft_time_limit": 300,
        "task_time_limit": 330,
        "broker_connection_retry_on_startup": True,
        "broker_transport_options": {
            # At least twice the longest time limit, or a long task would be given to a second worker while it runs.
            "visibility_timeout": 3600,
            # A killed worker's task comes back after about 4 s; with kombu's defaults it took 91 s.
            "unacked_restore_interval": 1,
            "unacked_restore_throttle": 1,
            "queue_order_strategy": "round_robin",
        },
        # A nightly task whose hour a beat has missed by more waits for the next night.
        "beat_cron_starting_deadline": 3600,
        # Each tick is noted at once: so one sees that beat is alive, and a killed one repeats none.
        "beat_sync_every": 1,
        # There are no results; so beat needs no schedule that forgets them.
        "result_expires": None,
    }


@signals.setup_logging.connect
def keep_our_logs(loglevel: int | str, logfile: str | None = None, **kwargs: Any) -> None:
    """Celery's own handlers would know neither LOG_FORMAT nor `core.scrubbing`; only `-l` and `-f` are taken of it."""
    root = logging.getLogger()
    root.setLevel(loglevel)
    if logfile:
        formatter = root.handlers[0].formatter
        root.handlers[:] = [logging.FileHandler(logfile)]
        root.handlers[0].setFormatter(formatter)


@signals.worker_ready.connect
@signals.beat_init.connect
def answer_monitors(**kwargs: Any) -> None:
    """`/metrics` and `/healthz` at METRICS_PORT."""
    from core.side_port import open_side_port

    open_side_port()
