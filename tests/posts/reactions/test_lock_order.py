"""Who waits for whom: shown one step at a time, on PostgreSQL, where rows are locked one by one."""

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from django.db import connections, transaction

from posts.models import CommentReaction, Post
from tests.concurrently import someone_waits_for_a_lock
from tests.factories import PostFactory
from tests.posts.reactions.conftest import comment_on, done
from tests.recipes.conftest import Person

pytestmark = pytest.mark.django_db(transaction=True)


class Meanwhile:
    """CALL in a thread of its own, which waits for a lock of ours when this returns."""

    def __init__(self, call: Callable[[], Any]) -> None:
        self._pool = ThreadPoolExecutor(1)
        self._future = self._pool.submit(self._run, call)
        while not someone_waits_for_a_lock():
            assert not self._future.done(), f"it did not wait: {self._future.result()}"
            time.sleep(0.01)

    def result(self) -> Any:
        """To be asked once our transaction has ended."""
        with self._pool:
            return self._future.result()

    @staticmethod
    def _run(call: Callable[[], Any]) -> Any:
        try:
            return call()
        finally:
            connections.close_all()


def test_a_like_of_a_comment_waits_for_who_deletes_the_post(ann: Person, bob: Person, post_id: int) -> None:
    comment_id = comment_on(ann, post_id)
    with transaction.atomic():
        post = Post.objects.select_for_update().get(pk=post_id)
        like = Meanwhile(lambda: bob.put(f"/api/comments/{comment_id}/like/").status_code)
        post.delete()
    assert like.result() == 404
    assert not CommentReaction.objects.exists()


def test_a_batch_of_views_locks_the_lower_id_first(ann: Person, bob: Person, eve: Person) -> None:
    low, high = (PostFactory(author=ann.user).pk for _ in range(2))
    # Its row is now stored behind the other's, where a look through the table finds it last.
    done(eve.put(f"/api/posts/{low}/like/"))
    with transaction.atomic():
        Post.objects.select_for_update(no_key=True).get(pk=low)
        views = Meanwhile(lambda: done(bob.post("/api/views/", {"post_ids": [high, low]})))
        # An OperationalError if the batch had it already: then the two would wait for each other.
        Post.objects.select_for_update(no_key=True, nowait=True).get(pk=high)
    assert views.result() == {"counted": 2}
