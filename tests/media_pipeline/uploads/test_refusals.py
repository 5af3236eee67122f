"""What is not taken: when an upload is begun, and when its bytes are looked at."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from pytest_django import Settings
from rest_framework.test import APIClient

from media_pipeline.models import Media, UploadSession
from tests.concurrently import at_once
from tests.jobs import run_jobs
from tests.media_pipeline.conftest import client_of, upload

BODY: dict[str, Any] = {"filename": "a.mp4", "content_type": "video/mp4", "length": 1000}


def begin(client: APIClient, **fields: Any) -> Any:
    return client.post("/api/uploads/", {**BODY, **fields})


def complete(client: APIClient, data: bytes, **fields: Any) -> Any:
    """The media that DATA became."""
    upload = begin(client, length=len(data), chunk_size=8 * 1024 * 1024, **fields).json()
    for index in range(upload["chunk_count"]):
        piece = data[index * upload["chunk_size"] :][: upload["chunk_size"]]
        path = f"/api/uploads/{upload['id']}/chunks/{index}/"
        assert client.put(path, piece, content_type="application/octet-stream").status_code == 201
    ended = client.post(f"/api/uploads/{upload['id']}/finalize/")
    run_jobs()
    media = client.get(f"/api/media/{ended.json()['media_id']}/").json()
    assert client.get(f"/api/uploads/{upload['id']}/").json()["error"] == media["error"]
    return media


@pytest.mark.parametrize(
    ("fields", "status", "code"),
    [
        ({"length": 0}, 400, "invalid"),
        ({"length": -5}, 400, "invalid"),
        ({"length": 10**15}, 413, "too_large"),
        ({"length": 21 * 1024 * 1024, "content_type": "image/jpeg"}, 413, "too_large"),
        ({"chunk_size": 0}, 400, "invalid"),
        ({"chunk_size": 9 * 1024 * 1024}, 400, "invalid"),
        ({"chunk_size": 1024, "length": 20_000 * 1024}, 400, "invalid"),
        ({"sha256": "xyz"}, 400, "invalid"),
        ({"filename": "a\x00b.mp4"}, 400, "parse_error"),
        ({"filename": "a\nb.mp4"}, 400, "invalid"),
        ({"filename": "x" * 256}, 400, "invalid"),
        ({"content_type": "application/pdf"}, 415, "unsupported_media_type"),
        ({"content_type": "image/svg+xml"}, 415, "unsupported_media_type"),
        ({"content_type": "text/html"}, 415, "unsupported_media_type"),
    ],
    ids=str,
)
def test_an_upload_that_cannot_be_is_not_begun(
    ann: APIClient, files: Callable[[], list[Path]], fields: dict[str, Any], status: int, code: str
) -> None:
    answer = begin(ann, **fields)
    assert (answer.status_code, answer.json()["code"]) == (status, code), answer.content
    assert not UploadSession.objects.exists() and files() == []


@pytest.mark.parametrize("name", ["../../etc/passwd", "/etc/passwd", "..\\..\\x.mp4", "CON", ".", "ä" * 200, "'; DROP"])
def test_a_file_name_is_kept_and_never_a_path(ann: APIClient, files: Callable[[], list[Path]], name: str) -> None:
    answer = begin(ann, filename=name)
    assert answer.status_code == 201
    upload_id = answer.json()["id"]
    assert UploadSession.objects.get(pk=upload_id).metadata["filename"] == name
    assert [path.name for path in files()] == [upload_id]


def test_more_than_ones_quota_is_refused_until_there_is_room(ann: APIClient, settings: Settings) -> None:
    settings.UPLOAD_QUOTA_BYTES = 2500
    first, second = begin(ann), begin(ann)
    assert (first.status_code, second.status_code) == (201, 201)
    third = begin(ann)
    assert (third.status_code, third.json()["code"]) == (413, "over_quota")
    tus = ann.post("/api/tus/", headers={"Tus-Resumable": "1.0.0", "Upload-Length": "501"})
    assert (tus.status_code, tus.json()["code"]) == (413, "over_quota")
    ann.delete(f"/api/uploads/{first.json()['id']}/")
    assert begin(ann).status_code == 201


def test_what_is_stored_counts_against_the_quota(ann: APIClient, settings: Settings) -> None:
    complete(ann, b"\x1aE\xdf\xa3 no video at all" * 20)
    settings.UPLOAD_QUOTA_BYTES = Media.objects.get().size + 999
    assert begin(ann).json()["code"] == "over_quota"


def test_an_upload_of_unknown_length_takes_of_the_quota_what_has_come(ann: APIClient, settings: Settings) -> None:
    settings.UPLOAD_QUOTA_BYTES = 1000
    tus = {"Tus-Resumable": "1.0.0"}
    path = ann.post("/api/tus/", headers={**tus, "Upload-Defer-Length": "1"})["Location"]

    def append(size: int, offset: int) -> Any:
        headers = {**tus, "Upload-Offset": str(offset)}
        return ann.patch(path, bytes(size), content_type="application/offset+octet-stream", headers=headers)

    assert append(900, 0).status_code == 204
    assert append(101, 900).json()["code"] == "over_quota"
    assert begin(ann, length=101).json()["code"] == "over_quota"
    assert append(100, 900).status_code == 204


@pytest.mark.django_db(transaction=True)
def test_two_that_ask_at_once_never_share_the_last_room(settings: Settings) -> None:
    settings.UPLOAD_QUOTA_BYTES = 1500
    client = client_of("cleo")
    answers = at_once([lambda: begin(client)] * 4)
    assert sorted(answer.status_code for answer in answers) == [201, 413, 413, 413]


@pytest.mark.parametrize(
    "data",
    [
        b"<svg xmlns='http://www.w3.org/2000/svg'/>",
        b"<html><script>alert(1)</script>",
        b"PK\x03\x04" + bytes(100),
        b"x",
    ],
)
def test_bytes_of_another_kind_fail_whatever_they_were_declared(ann: APIClient, data: bytes) -> None:
    media = complete(ann, data)
    assert (media["status"], media["error"]) == ("failed", "unsupported_media")


@pytest.mark.parametrize(
    ("head", "error"),
    [(b"", "unsupported_media"), (b"\0\0\0\x18ftypmp42\0\0\0\0mp42isom", "truncated"), (b"\x1aE\xdf\xa3", "truncated")],
    ids=["alone", "behind the head of an mp4", "behind the head of a webm"],
)
@pytest.mark.parametrize(
    "text",
    [
        "#EXTM3U\n#EXT-X-TARGETDURATION:1\n#EXTINF:1,\nhttp://127.0.0.1:{port}/secret.ts\n#EXT-X-ENDLIST\n",
        "ffconcat version 1.0\nfile http://127.0.0.1:{port}/secret.mp4\n",
    ],
    ids=["playlist", "concat list"],
)
def test_a_list_of_addresses_named_mp4_fetches_nothing(
    ann: APIClient, listener: tuple[int, list[bytes]], head: bytes, error: str, text: str
) -> None:
    port, heard = listener
    media = complete(ann, head + text.format(port=port).encode())
    assert (media["status"], media["error"], heard) == ("failed", error, [])


def test_the_bytes_decide_what_it_is_and_not_the_declared_type(ann: APIClient, picture: bytes) -> None:
    media = complete(ann, picture, content_type="video/mp4")
    assert (media["kind"], media["status"]) == ("image", "ready")


def test_a_file_that_is_not_the_one_declared_fails(ann: APIClient, picture: bytes) -> None:
    media = complete(ann, picture, sha256="0" * 64)
    assert (media["status"], media["error"]) == ("failed", "checksum_mismatch")


def test_a_picture_that_hid_its_size_fails(ann: APIClient, picture: bytes) -> None:
    media = complete(ann, picture + bytes(21 * 1024 * 1024), content_type="application/octet-stream")
    assert (media["status"], media["error"]) == ("failed", "too_large")


def test_creations_are_limited_and_writes_are_not(ann: APIClient, settings: Settings) -> None:
    settings.THROTTLES = {**settings.THROTTLES, "upload": "2/hour"}
    upload = begin(ann, length=20 * 1024, chunk_size=1024).json()
    path = ann.post("/api/tus/", headers={"Tus-Resumable": "1.0.0", "Upload-Length": "10"})["Location"]
    assert begin(ann).status_code == 429
    assert ann.post("/api/tus/", headers={"Tus-Resumable": "1.0.0", "Upload-Length": "10"}).status_code == 429
    settings.THROTTLES = {**settings.THROTTLES, "user": "1/hour"}
    for index in range(20):
        url = f"/api/uploads/{upload['id']}/chunks/{index}/"
        assert ann.put(url, bytes(1024), content_type="application/octet-stream").status_code == 201
        assert ann.head(path, headers={"Tus-Resumable": "1.0.0"}).status_code == 200


def test_begun_again_under_the_same_key_it_is_one_upload(ann: APIClient, files: Callable[[], list[Path]]) -> None:
    first, again = (ann.post("/api/uploads/", BODY, headers={"Idempotency-Key": "k"}) for _ in range(2))
    assert first.status_code == 201 and again.content == first.content
    assert len(files()) == UploadSession.objects.count() == 1


@pytest.mark.parametrize("path", ["/api/tus/", "/api/uploads/"])
def test_a_page_of_an_allowed_origin_may_read_every_header(ann: APIClient, settings: Settings, path: str) -> None:
    settings.CORS_ALLOWED_ORIGINS = ["https://cook.example"]
    origin = {"Origin": "https://cook.example"}
    preflight = ann.options(path, headers={**origin, "Access-Control-Request-Method": "PATCH"})
    allowed = preflight["Access-Control-Allow-Headers"]
    assert all(
        name in allowed
        for name in ("tus-resumable", "upload-length", "upload-offset", "upload-metadata", "upload-concat")
    )
    answer = ann.post("/api/tus/", headers={**origin, "Tus-Resumable": "1.0.0", "Upload-Length": "10"})
    assert answer["Access-Control-Allow-Origin"] == "https://cook.example"
    exposed = set(answer["Access-Control-Expose-Headers"].split(", "))
    assert {name for name in answer.headers if name.startswith(("Upload-", "Tus-"))} <= exposed
    assert {"Location", "Upload-Media-Id", "Upload-Length", "Tus-Version"} <= exposed


def test_a_picture_in_one_request_counts_against_the_quota_too(
    ann: APIClient, settings: Settings, files: Callable[[], list[Path]], picture: bytes
) -> None:
    settings.UPLOAD_QUOTA_BYTES = len(picture)
    assert upload(ann, picture).status_code == 202
    again = upload(ann, picture)
    assert (again.status_code, again.json()["code"]) == (413, "over_quota")
    assert len(files()) == 1


@pytest.mark.parametrize("name", ["../../../etc/passwd", "a\x00.jpg", "..\\..\\boot.ini", "/etc/passwd", "%2e%2e%2fx"])
def test_the_name_of_a_file_in_a_form_is_no_path_either(
    ann: APIClient, files: Callable[[], list[Path]], picture: bytes, name: str
) -> None:
    body = b'--B\r\nContent-Disposition: form-data; name="file"; filename="' + name.encode() + b'"\r\n\r\n'
    body += picture + b"\r\n--B--\r\n"
    answer = ann.generic("POST", "/api/media/", body, content_type="multipart/form-data; boundary=B")
    if answer.status_code == 202:
        assert [path.name for path in files()] == [answer.json()["id"]]
    else:
        assert answer.status_code == 400 and files() == []
