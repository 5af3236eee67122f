"""A film in a post, as its author and their readers meet it."""

from typing import Any

import psutil
import pytest

from tests.live.people import Person
from tests.media_pipeline.video.films import film
from tests.stack import Stack, wait_until


def test_progress_reaches_the_author_and_the_ready_film_the_readers_of_the_post(stack: Stack, customer: Person) -> None:
    data = film("1280x720", seconds=30, rate=10, options=("-c:v", "mpeg4", "-b:v", "3M"))
    with customer.socket() as own, Person(stack).socket() as reader:
        media = customer.call("POST", "/api/media/", 202, files={"file": ("film.mp4", data)})
        post = customer.call("POST", "/api/posts/", 201, json={"text": "Look!", "media_ids": [media["id"]]})
        assert post["media"][0]["status"] in ("pending", "processing")
        reader.subscribe(f"post:{post['id']}")

        percents = []
        while (heard := own.publication(f"inbox:{customer.id}"))["data"]["type"] == "upload.progress":
            assert "offset" not in heard
            assert heard["data"]["media_id"] == media["id"]
            percents.append(heard["data"]["progress"])
        assert percents
        assert percents == sorted(set(percents))
        assert (heard["data"]["type"], heard["data"]["id"]) == ("media.ready", media["id"])
        assert heard["offset"] == 1

        updated = reader.publication(f"post:{post['id']}")["data"]
        assert updated["type"] == "post.updated"
        [shown] = updated["media"]
        assert shown == customer.call("GET", f"/api/media/{media['id']}/", 200)
        assert shown["hls_url"].endswith("/master.m3u8")
        assert customer.call("GET", f"/api/posts/{post['id']}/", 200)["media"] == [shown]


def ffmpegs(stack: Stack) -> list[psutil.Process]:
    """Those that work on originals of this stack. The program of the wheel has its version in its name."""
    found = psutil.process_iter(["name", "cmdline"])
    return [
        process
        for process in found
        if process.info["name"].startswith("ffmpeg") and str(stack.folder) in " ".join(process.info["cmdline"] or [])
    ]


def events_of(stack: Stack, media_id: str) -> list[tuple[Any, ...]]:
    sql = "SELECT type FROM realtime_streamevent WHERE type LIKE 'media.%%' AND data->>'id' = %s"
    return stack.query(sql, media_id)


@pytest.mark.faults
@pytest.mark.parametrize("time", range(3))
def test_a_worker_killed_while_ffmpeg_works_costs_nothing_but_time(stack: Stack, customer: Person, time: int) -> None:
    data = film("1280x720", seconds=60, rate=10, options=("-c:v", "mpeg4", "-b:v", "2M"))
    media_id = customer.call("POST", "/api/media/", 202, files={"file": ("film.mp4", data)})["id"]

    def read() -> Any:
        return customer.call("GET", f"/api/media/{media_id}/", 200)

    wait_until(lambda: read()["progress"], seconds=30, what="progress")
    assert ffmpegs(stack)
    stack.kill("worker")
    wait_until(lambda: not ffmpegs(stack), what="the end of ffmpeg")
    assert read()["status"] == "processing"
    stack.start("worker")
    wait_until(lambda: read()["status"] == "ready", seconds=120, what="the end of processing")
    wait_until(lambda: events_of(stack, media_id) == [("media.ready",)], what="media.ready")
    made = [path for path in stack.folder.rglob(f"*{media_id}*/**/*") if path.is_file()]
    assert len(made) == 6 + 5
    stack.wait_ready()
