"""Feeds stay short, and rankings go when their time is over."""

from datetime import timedelta

import pytest
from django.utils import timezone

from posts import tasks
from posts.feed import trim
from posts.models import FeedEntry, FeedRanking
from tests.jobs import run_jobs
from tests.posts.conftest import Person
from tests.posts.feed.conftest import LATEST, feed
from tests.posts.feed.test_pages import expire, fill


def test_each_feed_keeps_its_newest(ann: Person, bob: Person, carl: Person, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(trim, "KEPT", 3)
    # One person a statement and one statement a job: the jobs hand on.
    monkeypatch.setattr(trim, "CHUNK", 1)
    monkeypatch.setattr(trim, "CHUNKS", 1)
    many, few = fill(ann, carl, 5), fill(bob, carl, 2)
    tasks.trim_feeds()
    assert run_jobs().count("posts.trim_some_feeds") == 4
    assert (feed(ann, LATEST), feed(bob, LATEST)) == (many[:3], few)


def test_what_is_older_than_90_days_goes(ann: Person, bob: Person) -> None:
    newest, *_ = fill(ann, bob, 3)
    FeedEntry.objects.exclude(post=newest).update(published_at=timezone.now() - timedelta(days=91))
    tasks.trim_feeds()
    assert feed(ann, LATEST) == [newest]
    assert FeedEntry.objects.count() == 1


def test_rankings_past_their_time_go(ann: Person, bob: Person) -> None:
    fill(ann, bob, 3)
    ann.get("/api/feed/?limit=2")
    tasks.trim_feed_rankings()
    assert FeedRanking.objects.count() == 1
    expire(minutes=16)
    tasks.trim_feed_rankings()
    assert FeedRanking.objects.count() == 0
