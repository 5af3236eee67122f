"""Celery whose digests live at another time: `python -m tests.faults.moved worker ...`, by SIMMER_MOVED seconds.

Leases, jobs and everything else keep the real time. Beat ticks every second.
"""

import os
import sys
from datetime import datetime, timedelta
from typing import Any

import django
from celery.schedules import schedule

TICK: dict[str, Any] = {"begin-digests": {"task": "posts.begin_digests", "schedule": schedule(timedelta(seconds=1))}}


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "core.settings")
    django.setup()
    from core.celery import app
    from posts.digests import calendar

    real, moved = calendar.clock, timedelta(seconds=float(os.environ["SIMMER_MOVED"]))

    def clock() -> datetime:
        return real() + moved

    calendar.clock = clock
    app.conf.beat_schedule = TICK
    app.start(sys.argv[1:])


if __name__ == "__main__":
    main()
