"""The schedules of a migrated database: what beat ticks, and that a worker knows each of it."""

from django.utils.module_loading import autodiscover_modules

from core.periodic import PERIODIC_TASKS
from tests.stack import Stack


def test_every_periodic_task_has_a_schedule_and_every_schedule_a_task(stack: Stack) -> None:
    autodiscover_modules("tasks")
    known = {name for name in PERIODIC_TASKS if not name.startswith("tests.")}
    scheduled = stack.query("SELECT task, enabled, description, expire_seconds FROM django_celery_beat_periodictask")
    assert sorted(task for task, *_ in scheduled) == sorted(known)
    assert all(enabled and description and expiry for _, enabled, description, expiry in scheduled)
