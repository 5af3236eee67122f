"""Ticks of beat, in the test's own process."""

from django.utils.module_loading import autodiscover_modules

from core import periodic
from core.models import PeriodicRun


def tick(task: str) -> None:
    """Runs the periodic task of that name as a worker would; an AssertionError when it fails."""
    autodiscover_modules("tasks")
    assert periodic.run(task), f"{task} is running already"
    assert PeriodicRun.objects.get(task=task).error == ""
