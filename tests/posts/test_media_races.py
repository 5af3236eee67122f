"""A picture that becomes ready while the post that shows it is being published."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from django.db import connection, connections, transaction
from django.utils import timezone

from posts.models import Post
from posts.publishing import publish_now
from tests.concurrently import someone_waits_for_a_lock
from tests.jobs import run_jobs
from tests.posts.conftest import Person, events
from tests.posts.test_posts import PICTURE
from tests.stack import wait_until


def run_them_all() -> list[str]:
    try:
        return run_jobs()
    finally:
        connections.close_all()


@pytest.mark.django_db(transaction=True)
def test_readers_of_a_post_that_was_just_published_hear_that_its_picture_is_ready(ann: Person) -> None:
    if connection.vendor != "postgresql":
        pytest.skip("SQLite has one writer at a time")
    at = (timezone.now() + timedelta(hours=1)).isoformat()
    post_id = ann.write(image=PICTURE, publish_at=at)["id"]
    with ThreadPoolExecutor(1) as pool:
        with transaction.atomic():
            post = Post.objects.select_for_update().get(pk=post_id)
            publish_now(post, author=ann.user)
            worker = pool.submit(run_them_all)
            wait_until(lambda: worker.done() or someone_waits_for_a_lock(), what="the worker")
        assert "media_pipeline.process_image" in worker.result()
    [event] = events(f"post:{post_id}")
    assert (event["type"], event["media"][0]["status"]) == ("post.updated", "ready")
