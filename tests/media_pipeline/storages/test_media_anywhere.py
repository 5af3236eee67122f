"""Media, wherever they lie: renditions for everyone, originals by signed addresses, nothing left over."""

import os
from io import BytesIO
from typing import Any
from urllib.parse import urlsplit
from uuid import uuid4

import pytest
from django.test import Client
from django.utils import timezone
from PIL import Image
from pytest_django import DjangoCaptureOnCommitCallbacks, Settings
from rest_framework.test import APIClient

from media_pipeline.finalizing import sweep_uploads
from media_pipeline.models import Media, UploadSession
from media_pipeline.stores import store
from media_pipeline.tasks import sweep_files
from tests.jobs import run_jobs
from tests.media_pipeline.conftest import client_of, processed, upload
from tests.media_pipeline.storages.conftest import finalize, nothing_left_of_uploads, ready, tus_create, uploaded
from tests.media_pipeline.storages.places import Place


def test_renditions_are_fetched_by_everyone_and_kept_for_ever(ann: APIClient, place: Place, picture: bytes) -> None:
    media = processed(ann, picture)
    for rendition in media["renditions"].values():
        for kind, content_type in (("url", "image/jpeg"), ("webp", "image/webp")):
            answer = place.fetch(rendition[kind])
            assert answer.status_code == 200, answer.text
            assert answer.headers["content-type"] == content_type
            assert answer.headers["cache-control"] == place.cache_control
            assert Image.open(BytesIO(answer.content)).size == (rendition["width"], rendition["height"])
    assert place.part(media["url"], 2, 9) == place.fetch(media["url"]).content[2:10]
    assert len(place.names("renditions")) == 6


def test_the_live_page_may_show_them(client: Client, db: None, place: Place, picture: bytes) -> None:
    media = urlsplit(processed(client_of("ann"), picture)["url"])
    policy = client.get("/").headers["Content-Security-Policy"]
    sources = next(part for part in policy.split("; ") if part.startswith("img-src")).split()
    assert "'self'" in sources
    assert (f"{media.scheme}://{media.netloc}" in sources) is bool(media.netloc)


def original(client: APIClient, media: Any) -> Any:
    answer = client.get(f"/api/media/{media['id']}/original/")
    assert answer.status_code == 200, answer.content
    return answer.json()


def test_an_original_is_fetched_by_its_signed_address_alone(ann: APIClient, place: Place, picture: bytes) -> None:
    media = processed(ann, picture)
    shape = original(ann, media)
    assert (shape["content_type"], shape["size"]) == ("image/jpeg", len(picture))
    answer = place.fetch(shape["url"])
    assert (answer.status_code, answer.content) == (200, picture)
    assert answer.headers["content-disposition"].startswith("attachment")
    if place.kind != "cloudinary":  # it knows no more than that
        assert answer.headers["content-type"] == "image/jpeg"
        assert answer.headers["content-disposition"] == f'attachment; filename="{media["id"]}.jpg"'
    assert "public" not in answer.headers["cache-control"]
    assert place.part(shape["url"], 100, 199) == picture[100:200]
    bare = shape["url"].partition("?")[0]
    assert place.fetch(bare).status_code in (400, 401, 403)
    if place.kind != "moto":  # it believes every signature
        for signature in ("Signature=", "signature="):
            if signature in shape["url"]:
                assert place.fetch(shape["url"].replace(signature, f"{signature}0")).status_code in (401, 403)


def test_an_original_has_no_address_before_it_is_in_its_place(ann: APIClient, place: Place, picture: bytes) -> None:
    media_id = finalize(ann, uploaded(ann, picture, 8192)).json()["media_id"]
    answer = ann.get(f"/api/media/{media_id}/original/")
    assert (answer.status_code, answer.json()["code"]) == (409, "not_ready")
    ready(ann, media_id)
    assert place.fetch(original(ann, {"id": media_id})["url"]).content == picture


def test_deleted_media_leave_nothing(
    ann: APIClient, place: Place, picture: bytes, django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks
) -> None:
    media = processed(ann, picture)
    with django_capture_on_commit_callbacks(execute=True):
        assert ann.delete(f"/api/media/{media['id']}/").status_code == 204
    assert place.names("originals") == place.names("renditions") == []


@pytest.mark.django_db(transaction=True)
def test_media_over_the_quota_leave_nothing(place: Place, picture: bytes, settings: Settings) -> None:
    settings.UPLOAD_QUOTA_BYTES = len(picture) - 1
    answer = upload(client_of("ann"), picture)
    assert (answer.status_code, answer.json()["code"]) == (413, "over_quota")
    assert place.names("originals") == []


def test_the_sweeps_take_what_no_row_knows_and_nothing_else(
    ann: APIClient, place: Place, picture: bytes, nothing_is_young: None
) -> None:
    media = processed(ann, picture)
    shard, stranger = f"renditions/{media['id'][:2]}/{media['id']}", str(uuid4())
    uploaded(ann, picture, 8192)
    sealed = finalize(ann, uploaded(ann, picture, 8192)).json()["media_id"]
    used = place.names("uploads"), place.names("originals"), place.names("renditions")
    foreign = ["originals/00/README", "renditions/00/README/x/y.jpg", "uploads/00/README"]
    orphans = [
        f"originals/{stranger[:2]}/{stranger}",
        f"renditions/{stranger[:2]}/{stranger}/0f/large.jpg",
        f"renditions/{stranger[:2]}/{stranger}/0f/large.webp",
        f"{shard}/run-that-was-killed/large.jpg",
    ]
    gone = tus_create(ann, picture[:50], Upload_Length=100)["Location"].split("/")[-2]
    UploadSession.objects.filter(pk=gone).delete()
    for name in (*foreign, *orphans):
        place.write(name)
    sweep_uploads()
    sweep_files()
    found = place.names("uploads"), place.names("originals"), place.names("renditions")
    assert found == tuple(
        sorted([*names, *(other for other in foreign if other.startswith(top))])
        for names, top in zip(used, ("uploads", "originals", "renditions"), strict=True)
    )
    ready(ann, sealed)


def test_what_is_young_is_not_swept(ann: APIClient, place: Place) -> None:
    stranger = str(uuid4())
    names = [f"originals/{stranger[:2]}/{stranger}", f"renditions/{stranger[:2]}/{stranger}/0f/large.jpg"]
    for name in names:
        place.write(name)
    sweep_uploads()
    sweep_files()
    assert place.names("originals") + place.names("renditions") == names


def test_an_upload_past_its_time_is_swept_with_all_of_its_bytes(
    ann: APIClient, place: Place, picture: bytes, django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks
) -> None:
    uploaded(ann, picture, 8192)
    tus_create(ann, picture[:50], Upload_Length=100)
    UploadSession.objects.update(expires_at=timezone.now())
    with django_capture_on_commit_callbacks(execute=True):
        sweep_uploads()
    assert nothing_left_of_uploads(place)


def test_a_worker_killed_between_the_bytes_and_the_row_costs_nothing(
    ann: APIClient, place: Place, picture: bytes, nothing_is_young: None
) -> None:
    upload = uploaded(ann, picture, 8192)
    media = Media.objects.get(pk=finalize(ann, upload).json()["media_id"])
    store.keep(UploadSession.objects.get().pk, [], media.original)
    sweep_files()
    ready(ann, str(media.pk))
    assert place.read(media.original) == picture
    assert Media.objects.count() == 1 and nothing_left_of_uploads(place)


def test_a_worker_killed_before_it_deleted_the_parts_leaves_them_to_the_sweep(
    ann: APIClient, place: Place, picture: bytes, nothing_is_young: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    upload = uploaded(ann, picture, 8192)
    left = place.names("uploads")
    media_id = finalize(ann, upload).json()["media_id"]
    ready(ann, media_id)
    for name in left:  # as if they had never been deleted
        place.write(name)
    sweep_uploads()
    assert nothing_left_of_uploads(place)


def test_lost_bytes_are_a_failure_that_says_so(ann: APIClient, place: Place, picture: bytes) -> None:
    media_id = finalize(ann, uploaded(ann, picture, 8192)).json()["media_id"]
    place.delete(place.names("uploads")[0])
    run_jobs()
    media = ann.get(f"/api/media/{media_id}/").json()
    assert (media["status"], media["error"]) == ("failed", "original_missing")


def test_lost_originals_are_a_failure_that_says_so(ann: APIClient, place: Place, picture: bytes) -> None:
    media = upload(ann, picture).json()
    place.delete(place.names("originals")[0])
    run_jobs()
    assert ann.get(f"/api/media/{media['id']}/").json()["error"] == "original_missing"


def test_what_is_no_media_is_refused_by_its_first_bytes(ann: APIClient, place: Place) -> None:
    data = os.urandom(20_000)
    media_id = finalize(ann, uploaded(ann, b"MZ" + data, 8192)).json()["media_id"]
    run_jobs()
    assert ann.get(f"/api/media/{media_id}/").json()["error"] == "unsupported_media"
