"""What several requests do to one upload at the same time."""

import fcntl
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from functools import partial
from threading import Barrier

import httpx
import psycopg2

from tests.concurrently import WAITING_FOR_LOCKS
from tests.media_pipeline.uploads.conftest import Uploader, noise, original_of, upload_file
from tests.stack import Stack, wait_until

SIZE = 4 * 1024 * 1024


def together(calls: list[Callable[[], httpx.Response]]) -> list[httpx.Response]:
    barrier = Barrier(len(calls))

    def run(call: Callable[[], httpx.Response]) -> httpx.Response:
        barrier.wait()
        return call()

    with ThreadPoolExecutor(len(calls)) as pool:
        return list(pool.map(run, calls))


def test_finalized_twice_at_once_it_is_one_media(stack: Stack, anna: Uploader, picture: bytes) -> None:
    for _ in range(5):
        upload = anna.begin(len(picture), chunk_size=len(picture))
        anna.put_all(upload, picture)
        answers = together([lambda upload=upload: anna.finalize(upload)] * 4)  # type: ignore[misc]
        assert {answer.status_code for answer in answers} <= {200, 202}, [answer.text for answer in answers]
        assert len({answer.json()["media_id"] for answer in answers}) == 1
        rows = stack.query("SELECT count(*) FROM media_pipeline_media WHERE owner_id = %s", anna.id)
        anna.finished(answers[0].json()["media_id"])
        assert rows == [(1,)]
        stack.query("UPDATE media_pipeline_media SET owner_id = owner_id WHERE owner_id = %s", anna.id)
        anna.call("DELETE", f"/api/media/{answers[0].json()['media_id']}/", 204)


def test_of_several_that_send_one_chunk_one_wins_whole(stack: Stack, anna: Uploader) -> None:
    bodies = [noise(SIZE) for _ in range(4)]
    upload = anna.begin(SIZE, content_type="video/mp4", chunk_size=SIZE)
    answers = together([lambda data=data: anna.put(upload, 0, data) for data in bodies])  # type: ignore[misc]
    statuses = Counter(answer.status_code for answer in answers)
    assert statuses[201] == 1 and set(statuses) <= {201, 409, 423}, statuses
    winner = next(body for body, answer in zip(bodies, answers, strict=True) if answer.status_code == 201)
    assert upload_file(stack, upload["id"]).read_bytes() == winner


def test_of_several_that_append_at_one_offset_one_wins_whole(stack: Stack, anna: Uploader) -> None:
    bodies = [noise(SIZE) for _ in range(4)]
    path = anna.tus_create(2 * SIZE)
    answers = together([lambda data=data: anna.tus("PATCH", path, data, Upload_Offset=0) for data in bodies])  # type: ignore[misc]
    statuses = Counter(answer.status_code for answer in answers)
    assert statuses[204] == 1 and set(statuses) <= {204, 409, 423}, statuses
    winner = next(body for body, answer in zip(bodies, answers, strict=True) if answer.status_code == 204)
    assert anna.tus_offset(path) == SIZE
    assert upload_file(stack, path.split("/")[-2]).read_bytes()[:SIZE] == winner


def test_chunks_at_once_all_arrive(stack: Stack, anna: Uploader) -> None:
    data = noise(16 * 1024 * 1024)
    size = 1024 * 1024
    upload = anna.begin(len(data), content_type="video/mp4", chunk_size=size)
    answers = together(
        [lambda index=index: anna.put(upload, index, data[index * size : (index + 1) * size]) for index in range(16)]  # type: ignore[misc]
    )
    assert [answer.status_code for answer in answers] == [201] * 16
    media_id = anna.finalize(upload).json()["media_id"]
    anna.finished(media_id)
    assert original_of(stack, media_id) == data


def test_a_whole_is_refused_whose_first_part_became_complete_after_it_was_looked_at(
    stack: Stack, anna: Uploader, picture: bytes
) -> None:
    middle = len(picture) // 2
    first, second = (
        anna.tus_create(len(piece), Upload_Concat="partial") for piece in (picture[:middle], picture[middle:])
    )
    assert anna.tus("PATCH", second, picture[middle:], Upload_Offset=0).status_code == 204
    headers = {"Upload_Concat": f"final;{first} {second}"}

    with ThreadPoolExecutor(1) as pool, closing(psycopg2.connect(stack.database_url)) as database:
        with database, database.cursor() as cursor:
            # The whole has looked at its parts, and waits for its owner.
            cursor.execute("SELECT 1 FROM accounts_user WHERE id = %s FOR UPDATE", [anna.id])
            whole = pool.submit(partial(anna.tus, "POST", **headers))
            wait_until(lambda: stack.query(WAITING_FOR_LOCKS), what="a whole that waits")
            assert anna.tus("PATCH", first, picture[:middle], Upload_Offset=0).status_code == 204
        assert whole.result(30).status_code == 409, whole.result().text

    again = anna.tus("POST", **headers)
    assert anna.finished(again.headers["Upload-Media-Id"])["status"] == "ready"
    assert original_of(stack, again.headers["Upload-Media-Id"]) == picture


def test_who_sent_the_last_byte_is_not_refused_for_another_who_holds_the_first(
    stack: Stack, anna: Uploader, picture: bytes
) -> None:
    path = anna.tus_create(len(picture))
    assert anna.tus("PATCH", path, picture[:100], Upload_Offset=0).status_code == 204
    upload_id = path.split("/")[-2]
    acknowledged = 'SELECT 1 FROM media_pipeline_extent WHERE session_id = %s AND "offset" = 100'
    [file] = stack.folder.rglob(upload_id)
    with ThreadPoolExecutor(1) as pool, file.open("r+b") as other:
        fcntl.lockf(other, fcntl.LOCK_EX, 1, 0)
        last = pool.submit(partial(anna.tus, "PATCH", path, picture[100:], Upload_Offset=100))
        wait_until(lambda: stack.query(acknowledged, upload_id), what="the last bytes")
        fcntl.lockf(other, fcntl.LOCK_UN, 1, 0)
        assert last.result(30).status_code == 204, last.result().text
    assert anna.finished(last.result().headers["Upload-Media-Id"])["status"] == "ready"
