"""Hundreds of people at once: one notification, exact counts."""

from random import Random
from typing import Any

import pytest
from django.utils.module_loading import autodiscover_modules

from posts.models import Notification, NotificationActor
from realtime.jobs import execute
from realtime.models import Job
from tests.concurrently import at_once
from tests.factories import PostFactory, UserFactory
from tests.posts.notifications.conftest import assert_counts_are_exact, inbox
from tests.recipes.conftest import Person, events

PEOPLE = 120
THREADS = 8


def run_all_at_once() -> None:
    """Every due job, by several workers, in no order."""
    autodiscover_modules("tasks")
    ids = list(Job.objects.values_list("id", flat=True))
    Random(3).shuffle(ids)

    def work(part: list[Any]) -> Any:
        return lambda: [execute(job_id) for job_id in part]

    at_once(work(ids[number::THREADS]) for number in range(THREADS))
    assert not Job.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_many_likes_at_once_are_one_notification_with_an_exact_count() -> None:
    ann = Person(UserFactory(username="ann"))
    post = PostFactory(author=ann.user)
    for liker in [Person(user) for user in UserFactory.create_batch(PEOPLE)]:
        assert liker.put(f"/api/posts/{post.pk}/like/").status_code == 200
    run_all_at_once()
    [item] = inbox(ann)
    assert item["actor_count"] == PEOPLE == NotificationActor.objects.count()
    created = [event for event in events(f"inbox:{ann.user.pk}") if event["type"] == "notification.created"]
    assert [event["notification"]["actor_count"] for event in created] == list(range(1, PEOPLE + 1))


@pytest.mark.django_db(transaction=True)
def test_likes_that_come_and_go_leave_those_that_are_there() -> None:
    ann = Person(UserFactory(username="ann"))
    post = PostFactory(author=ann.user)
    likers = [Person(user) for user in UserFactory.create_batch(20)]
    random = Random(5)
    left = set()
    for liker in likers * 3:
        if random.random() < 0.5:
            liker.put(f"/api/posts/{post.pk}/like/")
            left.add(liker.user.pk)
        else:
            liker.delete(f"/api/posts/{post.pk}/like/")
            left.discard(liker.user.pk)
    run_all_at_once()
    assert set(NotificationActor.objects.values_list("actor", flat=True)) == left
    assert Notification.objects.count() == 1
    assert_counts_are_exact()
