"""docs/operations.md is what operators go by: every job, schedule and alarm stands in it, and nothing that is gone."""

import re

from django.utils.module_loading import autodiscover_modules

from core.alarms import alarm_kinds
from core.periodic import PERIODIC_TASKS
from core.queues import QUEUES
from realtime.jobs import JOBS
from tests.services import ROOT

DOCUMENT = (ROOT / "docs/operations.md").read_text()


def table(title: str) -> list[str]:
    """The first cells of the table below that heading."""
    section = DOCUMENT.split(f"## {title}\n", 1)[1].split("\n## ", 1)[0]
    return [
        name for cell in re.findall(r"^\| (`.*?) \|", section, re.MULTILINE) for name in re.findall(r"`(\S+?)`", cell)
    ]


def ours(names: object) -> list[str]:
    autodiscover_modules("tasks")
    return sorted(name for name in list(names) if not name.startswith("tests."))  # type: ignore[call-overload]


def test_every_job_is_explained() -> None:
    autodiscover_modules("tasks")
    assert sorted(table("Jobs")) == ours(JOBS)


def test_every_periodic_task_is_explained() -> None:
    autodiscover_modules("tasks")
    assert sorted(table("Schedules")) == ours(PERIODIC_TASKS)


def test_every_queue_is_explained() -> None:
    assert table("Queues and workers") == list(QUEUES)


def test_every_alarm_is_explained_with_what_to_do() -> None:
    assert sorted(table("Alarms")) == sorted(alarm_kinds())
