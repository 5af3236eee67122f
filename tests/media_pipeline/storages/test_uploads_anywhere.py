"""The contract of uploads, wherever their bytes lie."""

import hashlib
import os
import random
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone
from rest_framework.test import APIClient

from core.errors import TooLarge
from media_pipeline.extents import Writing
from media_pipeline.finalizing import sweep_uploads
from media_pipeline.models import Extent, Media, UploadSession
from media_pipeline.stores import store
from tests.concurrently import at_once
from tests.jobs import run_jobs
from tests.media_pipeline.conftest import client_of
from tests.media_pipeline.storages.conftest import (
    TUS,
    begin,
    checksum,
    finalize,
    nothing_left_of_uploads,
    original_of,
    put,
    ready,
    tus_append,
    tus_create,
    uploaded,
)
from tests.media_pipeline.storages.places import Place


def test_chunks_in_any_order_become_the_original(ann: APIClient, place: Place, picture: bytes) -> None:
    upload = begin(ann, len(picture), 2048, sha256=hashlib.sha256(picture).hexdigest())
    order = list(range(upload["chunk_count"]))
    random.Random(3).shuffle(order)
    for index in order:
        assert put(ann, upload, index, picture, sha256=True).status_code == 201
    answer = finalize(ann, upload)
    assert answer.status_code == 202
    media_id = answer.json()["media_id"]
    ready(ann, media_id)
    assert original_of(place, media_id) == picture
    assert nothing_left_of_uploads(place) and not Extent.objects.exists()


def test_what_was_acknowledged_is_never_replaced(ann: APIClient, place: Place, picture: bytes) -> None:
    upload = begin(ann, len(picture), 4096)
    assert put(ann, upload, 0, picture).status_code == 201
    before = place.names("uploads")
    again = put(ann, upload, 0, picture)
    assert (again.status_code, again.json()["duplicate"]) == (200, True)
    other = put(ann, upload, 0, os.urandom(len(picture)))
    assert (other.status_code, other.json()["code"]) == (409, "other_bytes")
    assert place.names("uploads") == before
    assert store.head(UploadSession.objects.get().pk, 4096) == picture[:4096]


def test_bytes_that_are_not_what_was_declared_leave_nothing(ann: APIClient, place: Place, picture: bytes) -> None:
    upload = begin(ann, len(picture), 4096)
    before = place.names("uploads")
    path = f"/api/uploads/{upload['id']}/chunks/0/"
    answer = ann.put(
        path, picture[:4096], content_type="application/octet-stream", headers={"X-Chunk-SHA256": "0" * 64}
    )
    assert (answer.status_code, answer.json()["code"]) == (422, "checksum_mismatch")
    assert place.names("uploads") == before and not Extent.objects.exists()


def test_a_declared_hash_of_the_file_that_is_wrong_is_found(ann: APIClient, place: Place, picture: bytes) -> None:
    upload = uploaded(ann, picture, 8192, sha256="0" * 64)
    media_id = finalize(ann, upload).json()["media_id"]
    run_jobs()
    media = ann.get(f"/api/media/{media_id}/").json()
    assert (media["status"], media["error"]) == ("failed", "checksum_mismatch")
    assert nothing_left_of_uploads(place)


def test_tus_appends_and_the_last_bytes_finalize(ann: APIClient, place: Place, picture: bytes) -> None:
    begun = tus_create(ann, picture[:10], Upload_Length=len(picture))
    path = begun["Location"]
    assert begun["Upload-Offset"] == "10"
    assert tus_append(ann, path, picture[10:3000], 10, Upload_Checksum=checksum(picture[10:3000])).status_code == 204
    damaged = tus_append(ann, path, picture[3000:], 3000, Upload_Checksum=checksum(b"other", "sha256"))
    assert damaged.status_code == 460
    wrong = tus_append(ann, path, picture[3000:], 2999)
    assert wrong.status_code in (409, 413)
    assert ann.head(path, headers=TUS)["Upload-Offset"] == "3000"
    last = tus_append(ann, path, picture[3000:], 3000)
    assert last.status_code == 204
    media_id = last["Upload-Media-Id"]
    ready(ann, media_id)
    assert original_of(place, media_id) == picture
    assert nothing_left_of_uploads(place)


def test_a_length_may_be_declared_at_the_end(ann: APIClient, place: Place, picture: bytes) -> None:
    path = tus_create(ann, Upload_Defer_Length=1)["Location"]
    assert tus_append(ann, path, picture[:5000], 0).status_code == 204
    last = tus_append(ann, path, picture[5000:], 5000, Upload_Length=len(picture))
    ready(ann, last["Upload-Media-Id"])
    assert original_of(place, last["Upload-Media-Id"]) == picture


def test_parts_are_concatenated(ann: APIClient, place: Place, picture: bytes) -> None:
    paths = []
    for piece in (picture[:7], picture[7:9000], picture[9000:]):
        path = tus_create(ann, Upload_Length=len(piece), Upload_Concat="partial")["Location"]
        middle = len(piece) // 2
        assert tus_append(ann, path, piece[:middle], 0).status_code == 204
        assert tus_append(ann, path, piece[middle:], middle).status_code == 204
        paths.append(path)
    whole = tus_create(ann, Upload_Concat="final;" + " ".join(paths))
    ready(ann, whole["Upload-Media-Id"])
    assert original_of(place, whole["Upload-Media-Id"]) == picture
    assert nothing_left_of_uploads(place)


def test_parts_whose_job_waits_for_a_week_are_not_forgotten(ann: APIClient, place: Place, picture: bytes) -> None:
    middle = len(picture) // 2
    paths = [
        tus_create(ann, piece, Upload_Length=len(piece), Upload_Concat="partial")["Location"]
        for piece in (picture[:middle], picture[middle:])
    ]
    whole = tus_create(ann, Upload_Concat="final;" + " ".join(paths))
    UploadSession.objects.update(updated_at=timezone.now() - timedelta(days=8))
    sweep_uploads()
    ready(ann, whole["Upload-Media-Id"])
    assert original_of(place, whole["Upload-Media-Id"]) == picture


def test_a_file_in_the_originals_place_that_is_none_is_written_over(
    ann: APIClient, place: Place, picture: bytes
) -> None:
    media_id = finalize(ann, uploaded(ann, picture, 8192)).json()["media_id"]
    if place.kind == "cloudinary":
        pytest.skip("there a file is whole or not at all")
    place.write(Media.objects.get(pk=media_id).original, picture[:100])
    ready(ann, media_id)
    assert original_of(place, media_id) == picture


def test_parts_of_a_length_said_last_are_concatenated_without_what_was_refused(
    ann: APIClient, place: Place, picture: bytes
) -> None:
    paths, middle = [], len(picture) // 2
    for piece in (picture[:middle], picture[middle:]):
        path = tus_create(ann, Upload_Defer_Length=1, Upload_Concat="partial")["Location"]
        assert tus_append(ann, path, piece, 0).status_code == 204
        refused = tus_append(ann, path, os.urandom(1000), len(piece), Upload_Checksum=checksum(b"other"))
        assert refused.status_code == 460
        assert tus_append(ann, path, b"", len(piece), Upload_Length=len(piece)).status_code == 204
        paths.append(path)
    whole = tus_create(ann, Upload_Concat="final;" + " ".join(paths))
    ready(ann, whole["Upload-Media-Id"])
    assert original_of(place, whole["Upload-Media-Id"]) == picture


@pytest.mark.django_db(transaction=True)
def test_an_upload_that_is_given_up_leaves_nothing(place: Place, picture: bytes) -> None:
    ann = client_of("ann")
    upload = uploaded(ann, picture, 8192)
    path = tus_create(ann, picture[:100], Upload_Length=1000)["Location"]
    assert len(place.names("uploads")) > 1
    assert ann.delete(f"/api/uploads/{upload['id']}/").status_code == 204
    assert ann.delete(path, headers=TUS).status_code == 204
    assert nothing_left_of_uploads(place)


def together(place: Place, calls: list[Any]) -> list[Any]:
    answers = at_once(calls)
    allowed = {200, 201, 202, 204, 409, 423}
    assert {answer.status_code for answer in answers} <= allowed, [answer.content for answer in answers]
    return answers


@pytest.mark.django_db(transaction=True)
def test_of_several_that_send_one_chunk_one_wins_whole(place: Place) -> None:
    ann, size = client_of("ann"), 300_000
    bodies = [b"\x89PNG\r\n\x1a\n" + os.urandom(size - 8) for _ in range(4)]
    upload = begin(ann, size, size)
    answers = together(place, [lambda data=data: put(ann, upload, 0, data) for data in bodies])
    won = [data for data, answer in zip(bodies, answers, strict=True) if answer.status_code == 201]
    assert len(won) == 1
    media_id = finalize(ann, upload).json()["media_id"]
    run_jobs()
    assert original_of(place, media_id) == won[0]
    assert nothing_left_of_uploads(place)


@pytest.mark.django_db(transaction=True)
def test_of_several_that_append_at_one_offset_one_wins_whole(place: Place) -> None:
    ann = client_of("ann")
    path = tus_create(ann, b"\x89PNG\r\n\x1a\n", Upload_Length=200_008)["Location"]
    bodies = [os.urandom(size) for size in (200_000, 200_000, 100_000, 150_000)]
    answers = together(place, [lambda data=data: tus_append(ann, path, data, 8) for data in bodies])
    won = [data for data, answer in zip(bodies, answers, strict=True) if answer.status_code == 204]
    assert len(won) == 1
    assert ann.head(path, headers=TUS)["Upload-Offset"] == str(8 + len(won[0]))
    session = UploadSession.objects.get()
    assert store.head(session.pk, 8 + len(won[0]))[8:] == won[0]


@pytest.mark.django_db(transaction=True)
def test_finalized_several_times_at_once_it_is_one_media(place: Place, picture: bytes) -> None:
    ann = client_of("ann")
    upload = uploaded(ann, picture, 8192)
    answers = together(place, [lambda: finalize(ann, upload)] * 4)
    media = {answer.json().get("media_id") for answer in answers if answer.status_code < 300}
    assert len(media) == 1
    ready(ann, media.pop())
    assert nothing_left_of_uploads(place)


@pytest.mark.django_db(transaction=True)
def test_a_length_declared_while_more_is_written_counts(place: Place) -> None:
    ann = client_of("ann")
    path = tus_create(ann, b"\x89PNG\r\n\x1a\n", Upload_Defer_Length=1)["Location"]
    session = UploadSession.objects.get()
    writing = Writing(session, 8)  # it has looked: there is no length yet
    try:
        writing.append([bytes(100)])
        assert tus_append(ann, path, b"", 8, Upload_Length=50).status_code in (204, 423)
        length = UploadSession.objects.get().length
        if length is None:  # who declares it waits for whoever writes
            assert writing.finish()
        else:
            with pytest.raises(TooLarge):
                writing.finish()
    finally:
        writing.close()
    assert int(ann.head(path, headers=TUS)["Upload-Offset"]) == (108 if length is None else 8)
