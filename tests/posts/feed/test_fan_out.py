"""Fan-out on the workers' side: whose feeds are written, and what a killed worker leaves."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext

from accounts.models import Follow
from posts.feed import fan_out as module
from posts.models import FeedEntry
from realtime.models import Job
from tests.concurrently import someone_waits_for_a_lock
from tests.factories import UserFactory
from tests.jobs import run_jobs
from tests.posts.conftest import Person


def followers(author: Person, count: int) -> list[int]:
    people = UserFactory.create_batch(count)
    Follow.objects.bulk_create(Follow(follower=one, followee=author.user) for one in people)
    type(author.user.profile).objects.filter(user=author.user).update(follower_count=count)
    return [one.pk for one in people]


def readers(post_id: int) -> list[int]:
    return sorted(FeedEntry.objects.filter(post=post_id).values_list("user", flat=True))


def make_due() -> None:
    from django.utils import timezone

    Job.objects.update(enqueue_at=timezone.now())


def test_every_follower_gets_it_once_in_chunks(ann: Person, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "CHUNK", 3)
    people = followers(ann, 8)
    post = ann.write()["id"]
    assert run_jobs() == ["posts.fan_out"]
    assert readers(post) == people


def test_who_mutes_the_author_and_who_has_left_get_no_entry(ann: Person, bob: Person) -> None:
    [left] = followers(ann, 1)
    UserFactory._meta.model.objects.filter(pk=left).update(is_active=False)
    bob.follow(ann)
    bob.mute(ann)
    run_jobs()
    post = ann.write()["id"]
    run_jobs()
    assert readers(post) == []


def test_a_killed_fan_out_goes_on_where_it_was(ann: Person, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "CHUNK", 3)
    people = followers(ann, 8)
    post = ann.write()["id"]
    write, chunks = module.write_chunk, []

    def dying(**chunk: Any) -> int:
        chunks.append(chunk["after"])
        written = write(**chunk)
        if len(chunks) == 2:
            raise RuntimeError("killed")
        return written

    monkeypatch.setattr(module, "write_chunk", dying)
    run_jobs()
    # What the second chunk wrote is rolled back, what the first wrote is there and known.
    assert readers(post) == people[:3]
    assert Job.objects.get().args["after"] > 0
    make_due()
    run_jobs()
    assert readers(post) == people
    assert len(chunks) == 4
    assert chunks[1] == chunks[2]
    assert not Job.objects.exists()


def test_a_fan_out_that_runs_twice_writes_once(ann: Person) -> None:
    people = followers(ann, 3)
    post = ann.write()["id"]
    job = Job.objects.get(task="posts.fan_out")
    run_jobs()
    job.save(force_insert=True)
    run_jobs()
    assert readers(post) == people


def test_a_chunk_is_written_by_one_statement_however_large(ann: Person) -> None:
    counts = []
    for count in (5, 50):
        followers(ann, count)
        ann.write()
        with CaptureQueriesContext(connection) as queries:
            run_jobs()
        counts.append(sum("INSERT INTO posts_feedentry" in query["sql"] for query in queries))
    assert counts == [1, 1]


@pytest.mark.django_db(transaction=True)
@pytest.mark.skipif(connection.vendor != "postgresql", reason="SQLite has one writer")
def test_a_follow_that_comes_while_entries_are_taken_out_keeps_its_own() -> None:
    ann, bob = Person(UserFactory()), Person(UserFactory())
    post = bob.write()["id"]
    ann.follow(bob)
    run_jobs()
    ann.delete(f"/api/users/{bob.user.username}/follow/")

    def work() -> list[str]:
        try:
            return run_jobs()
        finally:
            connection.close()

    with ThreadPoolExecutor(1) as pool:
        with transaction.atomic():
            with connection.cursor() as cursor:
                cursor.execute("LOCK TABLE posts_feedentry")
            worker = pool.submit(work)
            while not someone_waits_for_a_lock():
                assert not worker.done()
            Follow.objects.create(follower=ann.user, followee=bob.user)
        assert "posts.remove_followee" in worker.result()
    assert readers(post) == [ann.user.pk]
