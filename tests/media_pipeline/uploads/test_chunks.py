"""The chunk API from end to end: chunks in any order, again, and over what happens to them."""

import hashlib
import random

from tests.media_pipeline.uploads.conftest import CHUNK, Uploader, noise, original_of, upload_file
from tests.stack import Stack


def test_a_picture_in_chunks_of_any_order_becomes_media(stack: Stack, anna: Uploader, picture: bytes) -> None:
    upload = anna.begin(len(picture), sha256=hashlib.sha256(picture).hexdigest())
    assert upload["state"] == "open" and upload["chunk_count"] == -(-len(picture) // CHUNK)
    indices = list(range(upload["chunk_count"]))
    random.Random(7).shuffle(indices)
    for count, index in enumerate(indices, 1):
        answer = anna.put(upload, index, picture[index * CHUNK : (index + 1) * CHUNK])
        assert answer.status_code == 201, answer.text
        assert answer.json() == {"index": index, "received": count, "missing": len(indices) - count}
    ended = anna.finalize(upload)
    assert ended.status_code == 202, ended.text
    media = anna.finished(ended.json()["media_id"])
    assert (media["status"], media["kind"]) == ("ready", "image"), media
    assert original_of(stack, media["id"]) == picture
    assert not upload_file(stack, upload["id"]).exists()
    assert anna.read(upload)["state"] == "ready"


def test_a_client_that_comes_back_sends_only_what_is_missing(anna: Uploader, picture: bytes) -> None:
    upload = anna.begin(len(picture))
    for index in (0, 2):
        anna.put(upload, index, picture[index * CHUNK : (index + 1) * CHUNK])
    found = anna.read(upload)
    missing = [index for index in range(upload["chunk_count"]) if index not in (0, 2)]
    assert (found["received"], found["missing"], found["missing_chunks"]) == (2, len(missing), missing)
    assert found["offset"] == 2 * CHUNK
    for index in missing:
        anna.put(upload, index, picture[index * CHUNK : (index + 1) * CHUNK])
    assert anna.read(upload)["offset"] == len(picture)
    assert anna.finalize(upload).status_code == 202


def test_the_same_chunk_again_is_acknowledged_again(anna: Uploader) -> None:
    data = noise(CHUNK)
    upload = anna.begin(2 * CHUNK)
    assert anna.put(upload, 0, data).status_code == 201
    again = anna.put(upload, 0, data)
    assert (again.status_code, again.json()) == (200, {"index": 0, "received": 1, "missing": 1, "duplicate": True})


def test_other_bytes_never_replace_those_that_were_acknowledged(stack: Stack, anna: Uploader) -> None:
    data = noise(CHUNK)
    upload = anna.begin(2 * CHUNK)
    anna.put(upload, 0, data)
    other = anna.put(upload, 0, noise(CHUNK))
    assert (other.status_code, other.json()["code"]) == (409, "other_bytes")
    assert upload_file(stack, upload["id"]).read_bytes()[:CHUNK] == data


def test_a_chunk_that_arrives_damaged_is_not_kept(anna: Uploader) -> None:
    data = noise(CHUNK)
    upload = anna.begin(CHUNK)
    damaged = anna.put(upload, 0, noise(CHUNK), **{"X-Chunk-SHA256": hashlib.sha256(data).hexdigest()})
    assert (damaged.status_code, damaged.json()["code"]) == (422, "checksum_mismatch")
    assert anna.read(upload)["received"] == 0
    assert anna.put(upload, 0, data, **{"X-Chunk-SHA256": hashlib.sha256(data).hexdigest().upper()}).status_code == 201
    assert anna.put(upload, 0, data, **{"X-Chunk-SHA256": "abc"}).status_code == 400


def test_chunks_of_wrong_number_or_length_are_refused(anna: Uploader) -> None:
    upload = anna.begin(CHUNK + 10)
    for index in ("2", "-1", "01", "x", "99999999999999999999999"):
        answer = anna.put(upload, index, noise(CHUNK))
        assert (answer.status_code, answer.json()["code"]) == (400, "bad_index"), index
    for index, length in ((0, CHUNK - 1), (0, CHUNK + 1), (0, 0), (1, 11), (1, 9)):
        answer = anna.put(upload, index, noise(length))
        assert (answer.status_code, answer.json()["code"]) == (400, "wrong_length"), (index, length)
    assert anna.put(upload, 0, bytes(9 * 1024 * 1024)).status_code == 413
    assert anna.read(upload)["received"] == 0


def test_an_upload_with_gaps_is_not_finalized_and_says_which(anna: Uploader) -> None:
    upload = anna.begin(6 * CHUNK)
    for index in (1, 5):
        anna.put(upload, index, noise(CHUNK))
    answer = anna.finalize(upload)
    assert (answer.status_code, answer.json()["code"]) == (409, "incomplete")
    assert answer.json()["errors"] == {"missing": ["0", "2-4"]}
    assert anna.read(upload)["state"] == "open"


def test_finalized_again_it_is_the_same_media_and_takes_no_more(anna: Uploader, picture: bytes) -> None:
    upload = anna.begin(len(picture), chunk_size=len(picture))
    anna.put_all(upload, picture)
    first, second = anna.finalize(upload), anna.finalize(upload)
    assert (first.status_code, second.status_code) == (202, 200)
    assert first.json()["media_id"] == second.json()["media_id"]
    late = anna.put(upload, 0, picture)
    assert (late.status_code, late.json()["code"]) == (409, "finalized")
    assert anna.rest.delete(f"/api/uploads/{upload['id']}/").status_code == 409


def test_given_up_its_bytes_and_its_room_go(stack: Stack, anna: Uploader) -> None:
    upload = anna.begin(CHUNK)
    anna.put_all(upload, noise(CHUNK))
    assert upload_file(stack, upload["id"]).exists()
    assert anna.rest.delete(f"/api/uploads/{upload['id']}/").status_code == 204
    assert not upload_file(stack, upload["id"]).exists()
    assert anna.read(upload, 410)["code"] == "aborted"
    assert anna.put(upload, 0, noise(CHUNK)).status_code == 410
    assert anna.finalize(upload).status_code == 410


def test_uploads_are_their_owners_alone(anna: Uploader, bert: Uploader) -> None:
    upload = anna.begin(CHUNK)
    assert bert.read(upload, 404)["code"] == "not_found"
    assert bert.put(upload, 0, noise(CHUNK)).status_code == 404
    assert bert.finalize(upload).status_code == 404
    assert bert.rest.delete(f"/api/uploads/{upload['id']}/").status_code == 404
    assert bert.tus("HEAD", f"/api/tus/{upload['id']}/").status_code == 404
    del bert.rest.headers["Authorization"]
    assert bert.put(upload, 0, noise(CHUNK)).status_code == 401
