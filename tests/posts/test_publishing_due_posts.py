"""Many posts that fall due in the same minute, while sweeps run beside each other and one is killed."""

import contextlib
import os
import signal
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from django.db import connection, transaction
from django.utils import timezone

from accounts.models import Profile
from core.processes import bound, stop
from posts.models import Post, PostTag
from posts.publishing import publish_due
from realtime.models import StreamEvent
from tests import services
from tests.concurrently import at_once, someone_waits_for_a_lock
from tests.factories import UserFactory
from tests.realtime.relay_process import database_url
from tests.stack import wait_until

SWEEP = """
import django, sys
django.setup()
from posts.publishing import publish_due
print("ready", flush=True)
sys.stdin.readline()
publish_due()
"""


class Sweep:
    """A sweep in a process of its own, on the test's database. Use it in `with`: it is killed at the end."""

    def __init__(self) -> None:
        env = {**os.environ, "DJANGO_SETTINGS_MODULE": "core.settings", "DATABASE_URL": database_url()}
        self.process = subprocess.Popen(
            bound([sys.executable, "-c", SWEEP], signum=signal.SIGKILL),
            cwd=services.ROOT, env=env, stdin=subprocess.PIPE, stdout=subprocess.PIPE, start_new_session=True,
        )  # fmt: skip

    def __enter__(self) -> "Sweep":
        return self

    def __exit__(self, *_: object) -> None:
        self.kill()
        for pipe in (self.process.stdin, self.process.stdout):
            assert pipe is not None
            with contextlib.suppress(BrokenPipeError):
                pipe.close()

    def wait_until_ready(self) -> None:
        assert self.process.stdout is not None
        assert self.process.stdout.readline() == b"ready\n"

    def start(self) -> None:
        assert self.process.stdin is not None
        self.process.stdin.write(b"\n")
        self.process.stdin.flush()

    def kill(self) -> None:
        stop(self.process, grace=0, signum=signal.SIGKILL)


def schedule(count: int) -> None:
    authors = UserFactory.create_batch(10)
    due = timezone.now() - timedelta(seconds=1)
    Post.objects.bulk_create(
        Post(
            author=authors[number % 10],
            text=f"#dinner {number}",
            tag_names=["dinner"],
            status="scheduled",
            publish_at=due,
            published_at=due,
        )
        for number in range(count)
    )


def published() -> int:
    return Post.objects.filter(status="published").count()


def assert_each_published_once(count: int) -> None:
    assert published() == count
    heard = list(StreamEvent.objects.filter(channel="feeds", type="post.published").values_list("data", flat=True))
    ids = sorted(event["post_id"] for event in heard)
    assert ids == sorted(Post.objects.values_list("pk", flat=True))
    assert PostTag.objects.count() == count
    assert sum(Profile.objects.values_list("post_count", flat=True)) == count


@pytest.mark.django_db(transaction=True)
def test_sweeps_beside_each_other_publish_each_post_once() -> None:
    schedule(60)
    assert sum(at_once([publish_due] * 3)) == 60
    assert_each_published_once(60)


@pytest.mark.django_db(transaction=True)
def test_a_sweep_that_waits_for_one_author_holds_up_no_other() -> None:
    schedule(2)
    first, second = Post.objects.order_by("pk")
    if not connection.features.has_select_for_update:
        pytest.skip("SQLite has one writer: nobody waits for a row there")
    with ThreadPoolExecutor(1) as pool:
        with transaction.atomic():
            # Somebody follows the second one's author right now.
            Profile.objects.select_for_update(no_key=True).get(user=second.author_id)
            sweep = pool.submit(at_once, [publish_due])
            wait_until(someone_waits_for_a_lock, what="the sweep waiting for that author")
            assert Profile.objects.select_for_update(nowait=True).get(user=first.author_id).post_count == 1
        assert sweep.result() == [2]
    assert_each_published_once(2)


def sweep_and_kill(count: int) -> None:
    schedule(count)
    with Sweep() as killed, Sweep() as other:
        for sweep in (killed, other):
            sweep.wait_until_ready()
        for sweep in (killed, other):
            sweep.start()
        wait_until(lambda: published() > count // 10, seconds=60, what="the first posts published")
        killed.kill()
        assert other.process.wait(120) == 0
    # What the killed one had claimed was skipped by the other, perhaps: the next tick brings it.
    publish_due()
    assert_each_published_once(count)


@pytest.mark.django_db(transaction=True)
def test_a_sweep_that_is_killed_leaves_each_post_published_once() -> None:
    sweep_and_kill(150)


@pytest.mark.faults
@pytest.mark.django_db(transaction=True)
def test_a_thousand_posts_of_one_minute_are_published_once_each_though_a_sweep_is_killed() -> None:
    sweep_and_kill(1_000)
