"""Real beats: what is edited in the admin counts at once and for good, and several of them do no harm."""

from datetime import timedelta
from importlib import import_module
from pathlib import Path

import pytest
from django.apps import apps
from django.test import Client
from django.utils import timezone
from django_celery_beat.models import IntervalSchedule, PeriodicTask

from core.alarms import current_alarms
from core.models import PeriodicRun
from core.processes import stop
from posts.models import Post
from realtime.models import StreamEvent
from tests.celery_processes import beat, worker
from tests.factories import PostFactory, UserFactory
from tests.realtime.own_redis import OwnRedis, own_redis
from tests.stack import wait_until

__all__ = ["own_redis"]
pytestmark = pytest.mark.django_db(transaction=True)
SECONDS = 90


@pytest.fixture(autouse=True)
def schedules(own_redis: OwnRedis) -> None:
    """Those that a migration makes; nothing that a test before this one has left."""
    own_redis.start()
    PeriodicTask.objects.all().delete()
    for operation in import_module("core.migrations.0004_schedules").Migration.operations:
        operation.code(apps, None)


def every_second() -> IntervalSchedule:
    return IntervalSchedule.objects.get_or_create(every=1, period="seconds")[0]


def ticks_of(task: str, redis: OwnRedis) -> int:
    """How many messages for it wait in the queue."""
    return sum(f'"task": "{task}"'.encode() in message for message in redis.client.lrange("default", 0, -1))


def test_an_edit_in_the_admin_is_seen_by_a_beat_that_runs_and_by_the_next_one(
    admin_client: Client, own_redis: OwnRedis, tmp_path: Path
) -> None:
    row = PeriodicTask.objects.get(name="trim-streams")
    page = f"/admin/django_celery_beat/periodictask/{row.pk}/change/"
    with beat(tmp_path, own_redis.url, "first"):
        wait_until(lambda: ticks_of("posts.publish_due", own_redis), seconds=SECONDS, what="the first tick")
        assert ticks_of("realtime.trim_streams", own_redis) == 0
        form = {"name": row.name, "task": row.task, "enabled": "on", "interval": every_second().pk}
        answer = admin_client.post(page, {**form, "args": "[]", "kwargs": "{}", "headers": "{}", "priority": ""})
        assert answer.status_code == 302, answer.context["errors"]
        wait_until(lambda: ticks_of("realtime.trim_streams", own_redis) > 2, seconds=SECONDS, what="more ticks")
    own_redis.client.flushall()
    with beat(tmp_path, own_redis.url, "second"):
        wait_until(lambda: ticks_of("realtime.trim_streams", own_redis) > 2, seconds=SECONDS, what="ticks again")
    row.refresh_from_db()
    assert row.interval == every_second()
    assert row.last_run_at is not None
    assert not PeriodicTask.objects.filter(task__startswith="celery.").exists()


def test_two_beats_a_killed_worker_and_a_wiped_broker_double_nothing_and_lose_nothing(
    own_redis: OwnRedis, tmp_path: Path
) -> None:
    """Every periodic task there is, each second, twice; and posts that fall due meanwhile."""
    author = UserFactory()
    PeriodicTask.objects.update(interval=every_second(), crontab=None)
    now = timezone.now()
    posts = [
        PostFactory(author=author, status=Post.Status.SCHEDULED, publish_at=now + timedelta(seconds=number / 4))
        for number in range(80)
    ]

    def published() -> int:
        return Post.objects.filter(author=author, status=Post.Status.PUBLISHED).count()

    with beat(tmp_path, own_redis.url, "first"), beat(tmp_path, own_redis.url, "second"):
        with worker(tmp_path, own_redis.url, "first-worker", queues="default,follows") as first:
            wait_until(lambda: published() > 5, seconds=SECONDS, what="the first posts")
            stop(first, grace=0)
        own_redis.client.flushall()
        with worker(tmp_path, own_redis.url, "second-worker", queues="default,follows"):
            wait_until(lambda: published() == len(posts), seconds=SECONDS, what="all posts")
            tasks = set(PeriodicTask.objects.values_list("task", flat=True))

            def all_went_well() -> bool:
                runs = PeriodicRun.objects.filter(succeeded_at__gt=now, failures=0)
                return set(runs.values_list("task", flat=True)) == tasks

            wait_until(all_went_well, seconds=SECONDS, what="a good run of every task")
    told = StreamEvent.objects.filter(channel=f"user:{author.pk}", type="post.published")
    assert sorted(told.values_list("data__post_id", flat=True)) == sorted(post.pk for post in posts)
    author.profile.refresh_from_db()
    assert author.profile.post_count == len(posts)


def test_a_beat_that_is_gone_raises_an_alarm_and_one_that_is_back_ends_it(own_redis: OwnRedis, tmp_path: Path) -> None:
    def silent() -> list[str]:
        return [alarm.detail for alarm in current_alarms() if alarm.kind == "beat_silent"]

    long_ago = timezone.now() - timedelta(seconds=71)
    PeriodicTask.objects.update(last_run_at=long_ago, date_changed=long_ago)
    assert silent() == [f"The last tick was at {long_ago:%Y-%m-%d %H:%M:%S} UTC: start `celery -A core beat`."]
    with beat(tmp_path, own_redis.url):
        wait_until(lambda: not silent(), seconds=SECONDS, what="the end of the alarm")
