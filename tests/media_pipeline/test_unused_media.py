"""Media that nothing shows go after a day; what anything shows stays, whichever app it belongs to."""

import base64
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from django.db import connection, connections, transaction
from django.utils import timezone
from pytest_django import DjangoCaptureOnCommitCallbacks, Settings
from rest_framework.test import APIClient

from media_pipeline.models import Media
from media_pipeline.services import media_delete
from posts.models import PostMedia
from posts.services.posts import post_create
from tests.concurrently import someone_waits_for_a_lock
from tests.jobs import run_jobs
from tests.media_pipeline.conftest import client_of, processed, upload
from tests.stack import wait_until
from tests.ticks import tick

Files = Callable[[], list[Path]]


def sweep() -> None:
    tick("media_pipeline.expire_unused_media")


def age(**filters: Any) -> None:
    Media.objects.filter(**filters).update(created_at=timezone.now() - timedelta(hours=25))


def test_what_nothing_shows_goes_after_a_day_with_its_files(
    ann: APIClient,
    files: Files,
    picture: bytes,
    django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
) -> None:
    old, young = processed(ann, picture), processed(ann, picture)
    age(id=old["id"])
    before = len(files())
    with django_capture_on_commit_callbacks(execute=True):
        sweep()
    assert [str(media.pk) for media in Media.objects.all()] == [young["id"]]
    assert len(files()) == before // 2


def test_how_long_is_a_setting(ann: APIClient, settings: Settings, picture: bytes) -> None:
    upload(ann, picture)
    age()
    settings.MEDIA_UNUSED_SECONDS = 26 * 3600
    sweep()
    assert Media.objects.count() == 1
    settings.MEDIA_UNUSED_SECONDS = 24 * 3600
    sweep()
    assert not Media.objects.exists()


def test_broken_media_go_as_well(ann: APIClient, picture: bytes) -> None:
    assert processed(ann, picture[: len(picture) // 2])["status"] == "failed"
    age()
    sweep()
    assert not Media.objects.exists()


def test_what_something_shows_stays(ann: APIClient, picture: bytes) -> None:
    text = base64.b64encode(picture).decode()
    later = (timezone.now() + timedelta(hours=1)).isoformat()
    shown = [upload(ann, picture).json()["id"] for _ in range(4)]
    answers = [
        ann.post("/api/posts/", {"text": "Soup", "media_ids": shown[:2]}),
        ann.post("/api/posts/", {"text": "Later", "media_ids": [shown[2]], "publish_at": later}),
        ann.post("/api/recipes/", {"name": "Toast", "image_id": shown[3]}),
        ann.put("/api/me/picture/", {"picture": text}),
        ann.put("/api/me/cover/", {"cover": text}),
    ]
    assert [answer.status_code for answer in answers] == [201, 201, 201, 200, 200], [a.content for a in answers]
    unused = upload(ann, picture).json()["id"]
    age()
    assert Media.objects.count() == 7
    sweep()
    assert Media.objects.count() == 6
    assert not Media.objects.filter(id=unused).exists()
    assert Media.objects.filter(id__in=shown).count() == 4


def test_an_upload_whose_media_expired_says_that_it_is_gone(ann: APIClient, picture: bytes) -> None:
    tus = {"Tus-Resumable": "1.0.0"}
    kind = "application/offset+octet-stream"
    path = ann.post("/api/tus/", picture, content_type=kind, headers={**tus, "Upload-Length": str(len(picture))})[
        "Location"
    ]
    run_jobs()
    age()
    sweep()
    assert ann.head(path, headers=tus).status_code == 410


@pytest.mark.django_db(transaction=True)
def test_what_comes_to_be_shown_at_the_moment_of_the_sweep_stays(picture: bytes) -> None:
    if connection.vendor != "postgresql":
        pytest.skip("SQLite has one writer at a time")
    client = client_of("dora")
    user: Any = client.person  # type: ignore[attr-defined]
    media_id = upload(client, picture).json()["id"]
    age()

    def sweep_there() -> None:
        try:
            sweep()
        finally:
            connections.close_all()

    with ThreadPoolExecutor(1) as pool:
        with transaction.atomic():
            post = post_create(user=user, content={"text": "Soup", "media_ids": [UUID(media_id)]})
            worker = pool.submit(sweep_there)
            wait_until(lambda: worker.done() or someone_waits_for_a_lock(), what="the sweep")
        worker.result()
    assert [str(shown.media_id) for shown in PostMedia.objects.filter(post=post)] == [media_id]


def test_media_that_are_gone_already_can_be_deleted_once_more(ann: APIClient, picture: bytes) -> None:
    upload(ann, picture)
    media = Media.objects.get()
    media_delete(media=media)
    media_delete(media=media)
    assert not Media.objects.exists()
