"""tus 1.0, header by header."""

import pytest

from tests.media_pipeline.uploads.conftest import Uploader, checksum, metadata, noise, original_of
from tests.stack import Stack


def test_options_tell_what_the_server_can_do(stack: Stack, ann: Uploader) -> None:
    answer = ann.rest.options("/api/tus/")
    assert answer.status_code == 204
    assert answer.headers["Tus-Version"] == "1.0.0"
    assert set(answer.headers["Tus-Extension"].split(",")) == {
        *("creation", "creation-with-upload", "creation-defer-length", "checksum"),
        *("expiration", "termination", "concatenation"),
    }
    assert answer.headers["Tus-Checksum-Algorithm"] == "sha1,sha256"
    assert int(answer.headers["Tus-Max-Size"]) > 0


def test_a_picture_in_two_parts_becomes_media(stack: Stack, ann: Uploader, picture: bytes) -> None:
    path = ann.tus_create(len(picture), Upload_Metadata=metadata(filename="käse.jpg", filetype="image/jpeg"))
    first = ann.tus("PATCH", path, picture[:1000], Upload_Offset=0)
    assert (first.status_code, first.headers["Upload-Offset"]) == (204, "1000")
    assert "Upload-Expires" in first.headers and "Upload-Media-Id" not in first.headers
    head = ann.tus("HEAD", path)
    assert head.headers["Upload-Offset"] == "1000" and head.headers["Upload-Length"] == str(len(picture))
    assert head.headers["Upload-Metadata"] == metadata(filename="käse.jpg", filetype="image/jpeg")
    assert head.headers["Cache-Control"] == "no-store"
    last = ann.tus("PATCH", path, picture[1000:], Upload_Offset=1000)
    assert last.headers["Upload-Offset"] == str(len(picture))
    media = ann.finished(last.headers["Upload-Media-Id"])
    assert media["status"] == "ready"
    assert original_of(stack, media["id"]) == picture
    upload_id = path.split("/")[-2]
    assert ann.call("GET", f"/api/uploads/{upload_id}/", 200)["media_id"] == media["id"]


def test_a_client_that_lost_the_last_answer_finds_it_and_a_deleted_media_is_forgotten(
    ann: Uploader, picture: bytes
) -> None:
    path = ann.tus_create(len(picture))
    media_id = ann.tus("PATCH", path, picture, Upload_Offset=0).headers["Upload-Media-Id"]
    head = ann.tus("HEAD", path)
    assert (head.headers["Upload-Offset"], head.headers["Upload-Media-Id"]) == (str(len(picture)), media_id)
    again = ann.tus("PATCH", path, picture, Upload_Offset=0)
    assert again.status_code == 409
    ann.finished(media_id)
    ann.call("DELETE", f"/api/media/{media_id}/", 204)
    assert ann.tus("HEAD", path).status_code == 410


def test_the_first_bytes_may_come_with_the_creation(ann: Uploader, picture: bytes) -> None:
    begun = ann.tus("POST", data=picture[:500], Upload_Length=len(picture))
    assert (begun.status_code, begun.headers["Upload-Offset"]) == (201, "500")
    rest = ann.tus("PATCH", begun.headers["Location"], picture[500:], Upload_Offset=500)
    assert rest.headers["Upload-Media-Id"]
    whole = ann.tus("POST", data=picture, Upload_Length=len(picture))
    assert whole.status_code == 201 and whole.headers["Upload-Media-Id"]


def test_the_length_may_be_declared_late(ann: Uploader, picture: bytes) -> None:
    begun = ann.tus("POST", Upload_Defer_Length=1)
    path = begun.headers["Location"]
    assert ann.tus("HEAD", path).headers["Upload-Defer-Length"] == "1"
    assert ann.tus("PATCH", path, picture[:700], Upload_Offset=0).headers["Upload-Offset"] == "700"
    too_short = ann.tus("PATCH", path, b"x", Upload_Offset=700, Upload_Length=10)
    assert too_short.status_code == 400
    last = ann.tus("PATCH", path, picture[700:], Upload_Offset=700, Upload_Length=len(picture))
    assert last.headers["Upload-Media-Id"]
    other = ann.tus("POST", Upload_Defer_Length=1).headers["Location"]
    ann.tus("PATCH", other, b"", Upload_Offset=0, Upload_Length=50)
    assert ann.tus("HEAD", other).headers["Upload-Length"] == "50"
    assert ann.tus("PATCH", other, b"", Upload_Offset=0, Upload_Length=51).status_code == 409


@pytest.mark.parametrize("algorithm", ["sha1", "sha256"])
def test_bytes_with_another_checksum_are_not_kept(ann: Uploader, algorithm: str) -> None:
    data = noise(100)
    path = ann.tus_create(200)
    damaged = ann.tus("PATCH", path, noise(100), Upload_Offset=0, Upload_Checksum=checksum(data, algorithm))
    assert (damaged.status_code, damaged.json()["status"]) == (460, 460)
    assert ann.tus_offset(path) == 0
    kept = ann.tus("PATCH", path, data, Upload_Offset=0, Upload_Checksum=checksum(data, algorithm))
    assert kept.headers["Upload-Offset"] == "100"


def test_what_is_given_up_is_gone(ann: Uploader) -> None:
    path = ann.tus_create(10)
    assert ann.tus("DELETE", path).status_code == 204
    assert ann.tus("HEAD", path).status_code == 410
    assert ann.tus("PATCH", path, b"x", Upload_Offset=0).status_code == 410


def test_parts_become_a_whole(stack: Stack, ann: Uploader, bob: Uploader, picture: bytes) -> None:
    middle = len(picture) // 2
    parts = [ann.tus_create(len(piece), Upload_Concat="partial") for piece in (picture[:middle], picture[middle:])]
    ann.tus("PATCH", parts[0], picture[:middle], Upload_Offset=0)
    final = f"final;{ann.stack.url}{parts[0]} {parts[1]}"
    assert ann.tus("POST", Upload_Concat=final).status_code == 409
    assert ann.tus("PATCH", parts[1], picture[middle:], Upload_Offset=0).status_code == 204
    assert ann.tus("HEAD", parts[1]).headers["Upload-Concat"] == "partial"
    assert bob.tus("POST", Upload_Concat=final).status_code == 404
    whole = ann.tus("POST", Upload_Concat=final, Upload_Metadata=metadata(filetype="image/jpeg"))
    assert whole.status_code == 201, whole.text
    path = whole.headers["Location"]
    assert ann.tus("PATCH", path, b"x", Upload_Offset=0).status_code == 403
    again = ann.tus("POST", Upload_Concat=final)
    assert (again.status_code, again.headers["Location"]) == (201, path)
    media = ann.finished(whole.headers["Upload-Media-Id"])
    assert media["status"] == "ready"
    assert original_of(stack, media["id"]) == picture
    head = ann.tus("HEAD", path)
    assert head.headers["Upload-Offset"] == str(len(picture))
    assert head.headers["Upload-Concat"] == f"final;{parts[0]} {parts[1]}"


def test_a_network_that_only_lets_post_through_is_no_hindrance(ann: Uploader) -> None:
    path = ann.tus_create(10)
    answer = ann.tus("POST", path, b"12345", Upload_Offset=0, X_HTTP_Method_Override="PATCH")
    assert (answer.status_code, answer.headers["Upload-Offset"]) == (204, "5")
    assert ann.tus("POST", path, X_HTTP_Method_Override="DELETE").status_code == 204


def test_a_client_that_does_not_speak_it_is_told_which_version_is_spoken(ann: Uploader) -> None:
    for version in ({}, {"Tus-Resumable": "0.2.2"}):
        answer = ann.rest.post("/api/tus/", headers={"Upload-Length": "10", **version})
        assert (answer.status_code, answer.headers["Tus-Version"]) == (412, "1.0.0")


def test_wrong_offsets_types_and_headers_are_refused(ann: Uploader) -> None:
    path = ann.tus_create(10)
    assert ann.tus("PATCH", path, b"12", Upload_Offset=1).json()["code"] == "wrong_offset"
    assert ann.tus("PATCH", path, b"12", Upload_Offset=0, Content_Type="text/plain").status_code == 415
    assert ann.tus("PATCH", path, b"12").status_code == 400
    assert ann.tus("PATCH", path, b"12", Upload_Offset="-1").status_code == 400
    assert ann.tus("PATCH", path, noise(11), Upload_Offset=0).status_code == 413
    assert ann.tus("PATCH", path, b"12", Upload_Offset=0, Upload_Checksum="md5 AAAA").status_code == 400
    assert ann.tus_offset(path) == 0
    for headers in (
        {},
        {"Upload_Length": "0"},
        {"Upload_Length": "ten"},
        {"Upload_Length": "10", "Upload_Defer_Length": "1"},
        {"Upload_Defer_Length": "2"},
        {"Upload_Length": "10", "Upload_Metadata": "filename ***"},
        {"Upload_Length": "10", "Upload_Metadata": metadata(filename="a\x00b")},
        {"Upload_Length": "10", "Upload_Metadata": "filename " + "AAAA" * 2000},
        {"Upload_Concat": "final;"},
        {"Upload_Concat": "final;/api/tus/nothing/"},
    ):
        answer = ann.tus("POST", **headers)
        assert answer.status_code == 400, headers
        assert answer.json()["errors"], headers


def test_what_is_too_long_for_one_request_is_refused_and_the_upload_goes_on(ann: Uploader) -> None:
    size = 65 * 1024 * 1024
    path = ann.tus_create(size)
    assert ann.tus("PATCH", path, bytes(size), Upload_Offset=0).status_code == 413
    assert ann.tus("PATCH", path, bytes(20 * 1024 * 1024), Upload_Offset=0).status_code == 204
    assert ann.tus_offset(path) == 20 * 1024 * 1024


def test_a_page_of_another_origin_may_read_every_header_of_the_protocol(ann: Uploader) -> None:
    preflight = ann.rest.options(
        "/api/tus/", headers={"Origin": "https://cook.example", "Access-Control-Request-Method": "PATCH"}
    )
    assert preflight.status_code == 200
    # No origin is allowed unless the settings name it; what they would be told is tests/core's.
    assert "access-control-allow-origin" not in preflight.headers
