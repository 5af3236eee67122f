"""Videos where an earlier system had them: appended bit by bit under a file name, then given to a post."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from pytest_django import Settings

from media_pipeline.models import Media, UploadSession
from posts.models import Post
from tests.concurrently import at_once
from tests.earlier.conftest import signed_in, successor_of
from tests.earlier.test_posts import picture
from tests.factories import UserFactory
from tests.jobs import run_jobs
from tests.media_pipeline.storages.conftest import nothing_left_of_uploads, on_s3, original_of
from tests.media_pipeline.video.films import film
from tests.s3 import Bucket

ADD, END = "post/add/media/video/", "post/add/media/video/finalize/"
Files = Callable[[], list[Path]]


def small() -> bytes:
    return film("320x180", seconds=1)


def pieces(data: bytes, count: int = 3) -> list[bytes]:
    size = -(-len(data) // count)
    return [data[start : start + size] for start in range(0, len(data), size)]


def add(client: Client, chunk: bytes, name: str = "dinner.mp4", prefix: str = "/", **fields: Any) -> Any:
    body = {"filename": name, "chunk": SimpleUploadedFile("blob", chunk), **fields}
    return client.post(f"{prefix}{ADD}", body)


def add_all(client: Client, data: bytes, name: str = "dinner.mp4") -> str:
    """The video's id."""
    answers = [add(client, piece, name).json() for piece in pieces(data)]
    return str(answers[-1]["id"])


def begun_post(client: Client, **fields: Any) -> int:
    return int(client.post("/post/create/", {"description": "Soup", **fields}).json()["post_id"])


def end(client: Client, post_id: Any, video_id: Any, prefix: str = "/") -> Any:
    return client.post(f"{prefix}{END}", {"postID": post_id, "videoID": video_id})


@pytest.mark.parametrize("prefix", ["/", "/api/posts/"])
def test_a_video_comes_in_order_and_is_shown_by_its_post(
    author: Client,
    files: Files,
    prefix: str,
) -> None:
    data, arrived, ids = small(), 0, set()
    for piece in pieces(data):
        answer = add(author, piece, prefix=prefix)
        arrived += len(piece)
        assert (answer.status_code, answer.json()["offset"]) == (201, arrived), answer.content
        assert successor_of(answer) == "/api/uploads/"
        ids.add(answer.json()["id"])
    [video_id] = ids
    post_id = begun_post(author)
    first, again = (end(author, post_id, video_id, prefix) for _ in range(2))
    assert (first.status_code, again.status_code) == (201, 200), first.content
    assert successor_of(first) == "/api/uploads/"
    assert first.json()["media"] == again.json()["media"]
    [media] = first.json()["media"]
    assert (first.json()["id"], media["kind"], media["status"]) == (post_id, "video", "pending")
    run_jobs()
    assert author.get(f"/posts/{post_id}/").json()["media"][0]["status"] == "ready"
    [original] = [path for path in files() if "originals" in path.parts]
    assert original.read_bytes() == data
    assert end(author, post_id, video_id).status_code == 200
    assert Media.objects.count() == 1


def test_two_peoples_files_of_one_name_never_mix(author: Client, files: Files) -> None:
    other = signed_in(UserFactory())
    mine, theirs = small(), film("320x180", seconds=2)
    for own, foreign in zip(pieces(mine), pieces(theirs), strict=True):
        ids = add(author, own).json()["id"], add(other, foreign).json()["id"]
    for client, video_id in zip((author, other), ids, strict=True):
        assert end(client, begun_post(client), video_id).status_code == 201
    run_jobs()
    assert {path.read_bytes() for path in files() if "originals" in path.parts} == {mine, theirs}


def test_two_files_of_one_person_do_not_mix_either(author: Client, files: Files) -> None:
    first, second = small(), film("320x180", seconds=2)
    for one, other in zip(pieces(first), pieces(second), strict=True):
        add(author, one, "../a.mp4")
        add(author, other, "b.mp4")
    assert {path.read_bytes() for path in files()} == {first, second}


@pytest.mark.parametrize("kind", ["mp4", "webm"])
def test_a_film_that_is_sent_from_its_beginning_again_begins_anew(
    author: Client,
    files: Files,
    kind: str,
) -> None:
    options = ("-c:v", "libvpx", "-deadline", "realtime") if kind == "webm" else ()
    data = film("320x180", seconds=1, name=f"film.{kind}", options=options or ("-c:v", "libx264"))
    broken_off = add(author, pieces(data)[0]).json()["id"]
    add(author, b"and something that was damaged")
    video_id = add_all(author, data)
    assert video_id != broken_off
    assert end(author, begun_post(author), broken_off).status_code == 410
    assert end(author, begun_post(author), video_id).status_code == 201
    run_jobs()
    assert {path.read_bytes() for path in files() if "originals" in path.parts} == {data}


def test_a_box_of_quicktime_at_the_beginning_of_a_chunk_is_no_beginning(author: Client) -> None:
    first = add(author, small()[:1000]).json()
    more = add(author, b"\0\0\1\0mdat" + bytes(500))
    assert more.json() == {"id": first["id"], "offset": 1508}


def test_a_name_whose_video_is_complete_is_free_again(author: Client) -> None:
    first = add_all(author, small())
    assert end(author, begun_post(author), first).status_code == 201
    second = add_all(author, film("320x180", seconds=2))
    assert second != first
    assert end(author, begun_post(author), second).status_code == 201
    assert Media.objects.count() == 2


def test_a_client_may_say_where_a_chunk_goes(author: Client) -> None:
    first, second, _ = pieces(small())
    add(author, first, offset=0)
    assert add(author, second, offset=len(first)).status_code == 201
    again = add(author, second, offset=len(first))
    assert (again.status_code, again.json()["code"]) == (409, "wrong_offset")
    elsewhere = add(author, first, "other.mp4", offset=10)
    assert elsewhere.status_code == 415


def test_nobody_gives_a_video_to_anothers_post_nor_anothers_video(author: Client) -> None:
    other = signed_in(UserFactory())
    video_id, post_id = add_all(author, small()), begun_post(author)
    assert end(other, begun_post(other), video_id).status_code == 404
    foreign = end(author, begun_post(other), video_id)
    assert (foreign.status_code, foreign.json()["code"]) == (403, "not_author")
    assert end(author, 10**12, video_id).status_code == 404
    assert UploadSession.objects.get().state == "open"
    assert end(author, post_id, video_id).status_code == 201


def test_nobody_uploads_without_signing_in(db: None, files: Files) -> None:
    assert add(Client(), small()).status_code == 401
    assert end(Client(), 1, "0").status_code == 401
    assert files() == []


def test_beside_pictures_a_video_is_refused_and_not_lost(author: Client) -> None:
    post_id = begun_post(author)
    body = {"postID": post_id, "imageBase64": picture()}
    assert author.post("/post/add/media/image/", body).status_code == 201
    video_id = add_all(author, small())
    refused = end(author, post_id, video_id)
    assert (refused.status_code, list(refused.json()["errors"])) == (400, ["media_ids"])
    author.patch(f"/api/posts/{post_id}/", {"media_ids": []}, content_type="application/json")
    assert end(author, post_id, video_id).status_code == 201


def test_what_does_not_begin_as_a_video_is_refused_at_once(author: Client, files: Files) -> None:
    for data in (b"<html>", b"\xff\xd8\xff\xe0 a picture", b"x" * 5000, small()[100:]):
        answer = add(author, data)
        assert (answer.status_code, answer.json()["code"]) == (415, "unsupported_media_type")
    assert files() == [] and not UploadSession.objects.exists()


@pytest.mark.parametrize(
    ("body", "fields"),
    [
        ({"chunk": SimpleUploadedFile("blob", b"x")}, {"filename"}),
        ({"filename": "a.mp4"}, {"chunk"}),
        ({"filename": "a.mp4", "chunk": "text"}, {"chunk"}),
        ({"filename": "a.mp4", "chunk": SimpleUploadedFile("blob", b"")}, {"chunk"}),
        ({"filename": "a" * 256, "chunk": SimpleUploadedFile("blob", b"x")}, {"filename"}),
        ({"filename": "a.mp4", "offset": -1, "chunk": SimpleUploadedFile("blob", b"x")}, {"offset"}),
    ],
)
def test_a_chunk_that_lacks_something_is_told_what(author: Client, body: Any, fields: set[str]) -> None:
    answer = author.post(f"/{ADD}", body)
    assert answer.status_code == 400, answer.content
    assert set(answer.json()["errors"]) == fields


@pytest.mark.parametrize("name", ["a\nb.mp4", "\x7f"])
def test_control_characters_are_no_name(author: Client, name: str) -> None:
    answer = author.generic(
        "POST",
        f"/{ADD}",
        b'--B\r\nContent-Disposition: form-data; name="filename"\r\n\r\n' + name.encode() + b"\r\n--B\r\n"
        b'Content-Disposition: form-data; name="chunk"; filename="blob"\r\n\r\n' + small() + b"\r\n--B--\r\n",
        content_type="multipart/form-data; boundary=B",
    )
    assert (answer.status_code, list(answer.json()["errors"])) == (400, ["filename"])


@pytest.mark.parametrize(
    ("body", "fields"),
    [({"postID": 1}, {"videoID"}), ({"postID": "x", "videoID": "y"}, {"postID", "videoID"})],
)
def test_an_end_that_lacks_something_is_told_what(author: Client, body: Any, fields: set[str]) -> None:
    answer = author.post(f"/{END}", body)
    assert (answer.status_code, set(answer.json()["errors"])) == (400, fields)


@pytest.mark.parametrize("address", [ADD, END])
def test_these_addresses_are_for_posting_alone(author: Client, address: str) -> None:
    assert {author.get(f"/{address}").status_code, author.delete(f"/{address}").status_code} == {405}


def test_beginnings_are_limited_and_further_chunks_are_not(author: Client, settings: Settings) -> None:
    settings.THROTTLES = {**settings.THROTTLES, "upload": "2/hour", "user": "2/hour"}
    first, *rest = pieces(small(), 20)
    assert add(author, first).status_code == 201
    assert {add(author, piece).status_code for piece in rest} == {201}
    assert add(author, first).status_code == 201
    assert add(author, first).status_code == 429
    assert add(author, rest[0]).status_code == 201


def test_an_upload_that_expired_says_so_and_may_begin_anew(author: Client) -> None:
    first, second, _ = pieces(small())
    add(author, first)
    UploadSession.objects.update(expires_at="2020-01-01T00:00:00Z")
    assert (add(author, second).status_code, add(author, second).json()["code"]) == (410, "expired")
    assert add(author, first).status_code == 201


@pytest.mark.django_db(transaction=True)
def test_ended_twice_at_once_it_is_shown_once() -> None:
    user = UserFactory()
    client = signed_in(user)
    video_id, post_id = add_all(client, small()), begun_post(client)
    answers = at_once([lambda: end(signed_in(user), post_id, video_id)] * 3)
    assert {answer.status_code for answer in answers} <= {200, 201, 423}, [answer.content for answer in answers]
    assert [answer.status_code for answer in answers].count(201) == 1
    assert Post.objects.get(pk=post_id).post_media.count() == Media.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_begun_twice_at_once_it_is_one_upload() -> None:
    user = UserFactory()
    answers = at_once([lambda: add(signed_in(user), small())] * 3)
    assert {answer.status_code for answer in answers} <= {201, 409, 410, 423}, [answer.content for answer in answers]
    assert UploadSession.objects.filter(state="open").count() == 1


def test_a_video_goes_to_a_bucket(author: Client, moto: Bucket, settings: Settings) -> None:
    place, data = on_s3(moto, settings), small()
    video_id = add_all(author, data)
    post_id = begun_post(author)
    assert end(author, post_id, video_id).status_code == 201
    run_jobs()
    assert author.get(f"/posts/{post_id}/").json()["media"][0]["status"] == "ready"
    assert original_of(place, str(Media.objects.get().pk)) == data
    assert nothing_left_of_uploads(place)
