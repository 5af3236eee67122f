"""tus 1.0, header by header."""

import pytest

from tests.media_pipeline.uploads.conftest import Uploader, checksum, metadata, noise, original_of
from tests.stack import Stack


def test_options_tell_what_the_server_can_do(stack: Stack, anna: Uploader) -> None:
    answer = anna.rest.options("/api/tus/")
    assert answer.status_code == 204
    assert answer.headers["Tus-Version"] == "1.0.0"
    assert set(answer.headers["Tus-Extension"].split(",")) == {
        *("creation", "creation-with-upload", "creation-defer-length", "checksum"),
        *("expiration", "termination", "concatenation"),
    }
    assert answer.headers["Tus-Checksum-Algorithm"] == "sha1,sha256"
    assert int(answer.headers["Tus-Max-Size"]) > 0


def test_a_picture_in_two_parts_becomes_media(stack: Stack, anna: Uploader, picture: bytes) -> None:
    path = anna.tus_create(len(picture), Upload_Metadata=metadata(filename="käse.jpg", filetype="image/jpeg"))
    first = anna.tus("PATCH", path, picture[:1000], Upload_Offset=0)
    assert (first.status_code, first.headers["Upload-Offset"]) == (204, "1000")
    assert "Upload-Expires" in first.headers and "Upload-Media-Id" not in first.headers
    head = anna.tus("HEAD", path)
    assert head.headers["Upload-Offset"] == "1000" and head.headers["Upload-Length"] == str(len(picture))
    assert head.headers["Upload-Metadata"] == metadata(filename="käse.jpg", filetype="image/jpeg")
    assert head.headers["Cache-Control"] == "no-store"
    last = anna.tus("PATCH", path, picture[1000:], Upload_Offset=1000)
    assert last.headers["Upload-Offset"] == str(len(picture))
    media = anna.finished(last.headers["Upload-Media-Id"])
    assert media["status"] == "ready"
    assert original_of(stack, media["id"]) == picture
    upload_id = path.split("/")[-2]
    assert anna.call("GET", f"/api/uploads/{upload_id}/", 200)["media_id"] == media["id"]


def test_a_client_that_lost_the_last_answer_finds_it_and_a_deleted_media_is_forgotten(
    anna: Uploader, picture: bytes
) -> None:
    path = anna.tus_create(len(picture))
    media_id = anna.tus("PATCH", path, picture, Upload_Offset=0).headers["Upload-Media-Id"]
    head = anna.tus("HEAD", path)
    assert (head.headers["Upload-Offset"], head.headers["Upload-Media-Id"]) == (str(len(picture)), media_id)
    again = anna.tus("PATCH", path, picture, Upload_Offset=0)
    assert again.status_code == 409
    anna.finished(media_id)
    anna.call("DELETE", f"/api/media/{media_id}/", 204)
    assert anna.tus("HEAD", path).status_code == 410


def test_the_first_bytes_may_come_with_the_creation(anna: Uploader, picture: bytes) -> None:
    begun = anna.tus("POST", data=picture[:500], Upload_Length=len(picture))
    assert (begun.status_code, begun.headers["Upload-Offset"]) == (201, "500")
    rest = anna.tus("PATCH", begun.headers["Location"], picture[500:], Upload_Offset=500)
    assert rest.headers["Upload-Media-Id"]
    whole = anna.tus("POST", data=picture, Upload_Length=len(picture))
    assert whole.status_code == 201 and whole.headers["Upload-Media-Id"]


def test_the_length_may_be_declared_late(anna: Uploader, picture: bytes) -> None:
    begun = anna.tus("POST", Upload_Defer_Length=1)
    path = begun.headers["Location"]
    assert anna.tus("HEAD", path).headers["Upload-Defer-Length"] == "1"
    assert anna.tus("PATCH", path, picture[:700], Upload_Offset=0).headers["Upload-Offset"] == "700"
    too_short = anna.tus("PATCH", path, b"x", Upload_Offset=700, Upload_Length=10)
    assert too_short.status_code == 400
    last = anna.tus("PATCH", path, picture[700:], Upload_Offset=700, Upload_Length=len(picture))
    assert last.headers["Upload-Media-Id"]
    other = anna.tus("POST", Upload_Defer_Length=1).headers["Location"]
    anna.tus("PATCH", other, b"", Upload_Offset=0, Upload_Length=50)
    assert anna.tus("HEAD", other).headers["Upload-Length"] == "50"
    assert anna.tus("PATCH", other, b"", Upload_Offset=0, Upload_Length=51).status_code == 409


@pytest.mark.parametrize("algorithm", ["sha1", "sha256"])
def test_bytes_with_another_checksum_are_not_kept(anna: Uploader, algorithm: str) -> None:
    data = noise(100)
    path = anna.tus_create(200)
    damaged = anna.tus("PATCH", path, noise(100), Upload_Offset=0, Upload_Checksum=checksum(data, algorithm))
    assert (damaged.status_code, damaged.json()["status"]) == (460, 460)
    assert anna.tus_offset(path) == 0
    kept = anna.tus("PATCH", path, data, Upload_Offset=0, Upload_Checksum=checksum(data, algorithm))
    assert kept.headers["Upload-Offset"] == "100"


def test_what_is_given_up_is_gone(anna: Uploader) -> None:
    path = anna.tus_create(10)
    assert anna.tus("DELETE", path).status_code == 204
    assert anna.tus("HEAD", path).status_code == 410
    assert anna.tus("PATCH", path, b"x", Upload_Offset=0).status_code == 410


def test_parts_become_a_whole(stack: Stack, anna: Uploader, bert: Uploader, picture: bytes) -> None:
    middle = len(picture) // 2
    parts = [anna.tus_create(len(piece), Upload_Concat="partial") for piece in (picture[:middle], picture[middle:])]
    anna.tus("PATCH", parts[0], picture[:middle], Upload_Offset=0)
    final = f"final;{anna.stack.url}{parts[0]} {parts[1]}"
    assert anna.tus("POST", Upload_Concat=final).status_code == 409
    assert anna.tus("PATCH", parts[1], picture[middle:], Upload_Offset=0).status_code == 204
    assert anna.tus("HEAD", parts[1]).headers["Upload-Concat"] == "partial"
    assert bert.tus("POST", Upload_Concat=final).status_code == 404
    whole = anna.tus("POST", Upload_Concat=final, Upload_Metadata=metadata(filetype="image/jpeg"))
    assert whole.status_code == 201, whole.text
    path = whole.headers["Location"]
    assert anna.tus("PATCH", path, b"x", Upload_Offset=0).status_code == 403
    again = anna.tus("POST", Upload_Concat=final)
    assert (again.status_code, again.headers["Location"]) == (201, path)
    media = anna.finished(whole.headers["Upload-Media-Id"])
    assert media["status"] == "ready"
    assert original_of(stack, media["id"]) == picture
    head = anna.tus("HEAD", path)
    assert head.headers["Upload-Offset"] == str(len(picture))
    assert head.headers["Upload-Concat"] == f"final;{parts[0]} {parts[1]}"


def test_a_network_that_only_lets_post_through_is_no_hindrance(anna: Uploader) -> None:
    path = anna.tus_create(10)
    answer = anna.tus("POST", path, b"12345", Upload_Offset=0, X_HTTP_Method_Override="PATCH")
    assert (answer.status_code, answer.headers["Upload-Offset"]) == (204, "5")
    assert anna.tus("POST", path, X_HTTP_Method_Override="DELETE").status_code == 204


def test_a_client_that_does_not_speak_it_is_told_which_version_is_spoken(anna: Uploader) -> None:
    for version in ({}, {"Tus-Resumable": "0.2.2"}):
        answer = anna.rest.post("/api/tus/", headers={"Upload-Length": "10", **version})
        assert (answer.status_code, answer.headers["Tus-Version"]) == (412, "1.0.0")


def test_wrong_offsets_types_and_headers_are_refused(anna: Uploader) -> None:
    path = anna.tus_create(10)
    assert anna.tus("PATCH", path, b"12", Upload_Offset=1).json()["code"] == "wrong_offset"
    assert anna.tus("PATCH", path, b"12", Upload_Offset=0, Content_Type="text/plain").status_code == 415
    assert anna.tus("PATCH", path, b"12").status_code == 400
    assert anna.tus("PATCH", path, b"12", Upload_Offset="-1").status_code == 400
    assert anna.tus("PATCH", path, noise(11), Upload_Offset=0).status_code == 413
    assert anna.tus("PATCH", path, b"12", Upload_Offset=0, Upload_Checksum="md5 AAAA").status_code == 400
    assert anna.tus_offset(path) == 0
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
        answer = anna.tus("POST", **headers)
        assert answer.status_code == 400, headers
        assert answer.json()["errors"], headers


def test_what_is_too_long_for_one_request_is_refused_and_the_upload_goes_on(anna: Uploader) -> None:
    size = 65 * 1024 * 1024
    path = anna.tus_create(size)
    assert anna.tus("PATCH", path, bytes(size), Upload_Offset=0).status_code == 413
    assert anna.tus("PATCH", path, bytes(20 * 1024 * 1024), Upload_Offset=0).status_code == 204
    assert anna.tus_offset(path) == 20 * 1024 * 1024


def test_a_page_of_another_origin_may_read_every_header_of_the_protocol(anna: Uploader) -> None:
    preflight = anna.rest.options(
        "/api/tus/", headers={"Origin": "https://cook.example", "Access-Control-Request-Method": "PATCH"}
    )
    assert preflight.status_code == 200
    # No origin is allowed unless the settings name it; what they would be told is tests/core's.
    assert "access-control-allow-origin" not in preflight.headers
