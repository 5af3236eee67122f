"""Every task has its queue, which a worker serves, and its messages go there whoever sends them."""

import pytest
from django.db import transaction
from django.utils.module_loading import autodiscover_modules

from core.celery import GRACE_SECONDS, app
from core.periodic import PERIODIC_TASKS
from core.queues import LAST, QUEUES, declare, priority_of, queue_of
from realtime.jobs import JOBS
from realtime.outbox import record_job


def tasks() -> list[str]:
    """Ours: Celery's own are sent by nobody."""
    autodiscover_modules("tasks")
    return [name for name in app.tasks if not name.startswith(("celery.", "tests."))]


def test_every_task_lands_in_a_queue_that_workers_serve() -> None:
    assert len(tasks()) > 20
    for name in tasks():
        assert name in JOBS or name in PERIODIC_TASKS, f"{name} is neither a job nor a periodic task"
        assert app.amqp.router.route({}, name)["queue"].name == queue_of(name), name
        assert queue_of(name) in QUEUES, name


@pytest.mark.parametrize(
    ("task", "queue"),
    [
        ("posts.fan_out", "follows"),
        ("posts.plan_digests", "follows"),
        ("recipes.reconcile_ratings", "follows"),
        ("posts.reconcile_counters", "follows"),
        ("accounts.back_up_users", "follows"),
        ("media_pipeline.process_video", "media"),
        ("media_pipeline.process_image", "images"),
        ("media_pipeline.finalize_upload", "images"),
        ("posts.notify", "default"),
        ("posts.publish_due", "default"),
    ],
)
def test_what_takes_long_holds_up_nothing_else(task: str, queue: str) -> None:
    assert queue_of(task) == queue


def test_digests_wait_until_no_other_mail_does() -> None:
    assert {name for name in tasks() if priority_of(name) == LAST} == {"posts.send_digests"}


def test_a_priority_that_workers_do_not_know_is_refused() -> None:
    with pytest.raises(ValueError, match="neither of the priorities 0 and 9"):
        declare("tests.between", "mail", 5)


@pytest.mark.django_db
def test_a_job_is_recorded_for_the_queue_of_its_task() -> None:
    with transaction.atomic():
        assert record_job("posts.fan_out", post_id=1).queue == "follows"
        assert record_job("posts.blank_comment", comment_id=1).queue == "default"


@pytest.mark.django_db
def test_a_job_that_nobody_has_registered_is_refused() -> None:
    with pytest.raises(LookupError, match=r"posts\.fan_uot"), transaction.atomic():
        record_job("posts.fan_uot", post_id=1)


def test_the_broker_gives_no_task_to_another_worker_while_it_runs() -> None:
    """Its visibility timeout is at least twice the longest limit."""
    limits = [defined.time_limit for defined in (*JOBS.values(), *PERIODIC_TASKS.values())]
    assert tasks()
    assert app.conf.broker_transport_options["visibility_timeout"] >= 2 * (max(limits) + GRACE_SECONDS)


def test_what_may_take_half_an_hour_is_not_of_the_queue_of_what_is_short() -> None:
    assert tasks()
    limits = {defined.name: defined.time_limit for defined in (*JOBS.values(), *PERIODIC_TASKS.values())}
    assert [name for name in tasks() if limits[name] > 900 and queue_of(name) == "default"] == []
