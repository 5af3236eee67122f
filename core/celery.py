"""The Celery application: `celery -A core worker`, `celery -A core beat`. Queues: default, follows, media, mail."""

import logging
import os
from typing import Any

from celery import Celery, signals

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "core.settings")

app = Celery("simmer")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()


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
