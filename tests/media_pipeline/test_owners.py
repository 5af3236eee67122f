from collections.abc import Callable
from pathlib import Path

import pytest
from pytest_django import DjangoAssertNumQueries, DjangoCaptureOnCommitCallbacks
from rest_framework.test import APIClient

from accounts.models import Profile
from media_pipeline.models import Media
from tests.jobs import run_jobs
from tests.media_pipeline.conftest import processed, upload
from tests.media_pipeline.pictures import corners, encoded

PHOTO = encoded(corners(64, 48))
Files = Callable[[], list[Path]]


def test_only_their_owner_sees_media(ann: APIClient, bob: APIClient) -> None:
    url = upload(ann, PHOTO)["Location"]
    assert ann.get(url).status_code == 200
    assert bob.get(url).status_code == bob.delete(url).status_code == 404
    assert APIClient().get(url).status_code == APIClient().delete(url).status_code == 401
    assert ann.get(url).status_code == 200


def test_who_watches_media_is_told_when_nothing_changed(ann: APIClient) -> None:
    url = upload(ann, PHOTO)["Location"]
    etag = ann.get(url)["ETag"]
    assert ann.get(url, headers={"if-none-match": etag}).status_code == 304
    run_jobs()
    answer = ann.get(url, headers={"if-none-match": etag})
    assert (answer.status_code, answer.json()["status"]) == (200, "ready")


@pytest.mark.parametrize("name", ["00000000-0000-4000-8000-000000000000", "5", "x"])
def test_what_is_not_there_is_not_found(ann: APIClient, name: str) -> None:
    assert ann.get(f"/api/media/{name}/").status_code == 404


def test_the_owner_deletes_media_and_all_their_files(
    ann: APIClient, files: Files, django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks
) -> None:
    kept = processed(ann, PHOTO)
    count = len(files())
    media = processed(ann, PHOTO)
    with django_capture_on_commit_callbacks(execute=True):
        assert ann.delete(f"/api/media/{media['id']}/").status_code == 204
    assert len(files()) == count
    assert [str(pk) for pk in Media.objects.values_list("id", flat=True)] == [kept["id"]]
    assert ann.get(f"/api/media/{media['id']}/").status_code == 404


def test_media_in_use_are_not_deleted(ann: APIClient, files: Files) -> None:
    media = processed(ann, PHOTO)
    Profile.objects.filter(user__username="ann").update(cover=media["id"])
    answer = ann.delete(f"/api/media/{media['id']}/")
    assert (answer.status_code, answer.json()["code"]) == (409, "in_use")
    assert len(files()) == 7


def test_reading_media_costs_two_queries(ann: APIClient, django_assert_max_num_queries: DjangoAssertNumQueries) -> None:
    media = processed(ann, PHOTO)
    with django_assert_max_num_queries(2):  # who asks, and the media
        assert ann.get(f"/api/media/{media['id']}/").json() == media
