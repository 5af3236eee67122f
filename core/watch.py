"""Tells of alarms: one ERROR in the log when one is raised (Sentry takes those up), one INFO when it is over.

Every web server and relay watches, so that whoever is left notices what is gone; the row of an alarm decides which of
them tells of it.
"""

import logging
import random
import threading
from collections import Counter
from collections.abc import Iterable

from django.db import Error, connections
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.metrics_core import Metric

from core.alarms import alarm_kinds, current_alarms
from core.models import RaisedAlarm

log = logging.getLogger(__name__)

WATCH_SECONDS = 10.0


def watch() -> None:
    """Compares what is wrong with what was told, and tells of the difference. One query more than the checks."""
    told = {(row.kind, row.subject): row for row in RaisedAlarm.objects.all()}
    for alarm in current_alarms():
        row = told.pop((alarm.kind, alarm.subject), None)
        if row is None:
            _, is_news = RaisedAlarm.objects.get_or_create(
                kind=alarm.kind, subject=alarm.subject, defaults={"detail": alarm.detail}
            )
            if is_news:
                log.error("alarm.raised kind=%s subject=%r detail=%r", alarm.kind, alarm.subject, alarm.detail)
        elif row.detail != alarm.detail:
            RaisedAlarm.objects.filter(pk=row.pk).update(detail=alarm.detail)
    for row in told.values():
        if RaisedAlarm.objects.filter(pk=row.pk).delete()[0]:
            log.info("alarm.over kind=%s subject=%r since=%s", row.kind, row.subject, row.raised_at.isoformat())


def of_alarms() -> Iterable[Metric]:
    """Those that were told of, by kind, for metrics: one query."""
    raised = Counter(RaisedAlarm.objects.order_by().values_list("kind", flat=True))
    alarms = GaugeMetricFamily("simmer_alarms", "Alarms that are raised", labels=["kind"])
    for kind in alarm_kinds():
        alarms.add_metric([kind], raised[kind])
    yield alarms


class Watch(threading.Thread):
    """Watches every ten seconds, beside what the process is for and on a connection of its own, until `stop`."""

    def __init__(self) -> None:
        super().__init__(name="watch", daemon=True)
        self._stopped = threading.Event()

    def stop(self) -> None:
        self._stopped.set()

    def run(self) -> None:
        away = False
        # Servers that start together need not look together.
        wait = random.uniform(0, WATCH_SECONDS)  # noqa: S311
        while not self._stopped.wait(wait):
            wait = WATCH_SECONDS
            try:
                watch()
                away = False
            except Error as error:
                if not away:
                    log.warning("watch.failed error=%s", type(error).__name__)
                away = True
            except Exception:
                log.exception("watch.failed")
            finally:
                connections.close_all()
