"""Films hold up neither pictures nor the ends of uploads, and a person's films no more than one worker."""

import os
import shlex
from contextlib import ExitStack
from pathlib import Path

import pytest
from pytest_django import Settings
from rest_framework.test import APIClient

from media_pipeline.models import Media
from media_pipeline.processing import PROCESS_VIDEO
from realtime.jobs import execute
from realtime.models import Job
from tests.celery_processes import worker
from tests.media_pipeline.conftest import client_of, upload
from tests.media_pipeline.pictures import corners, encoded
from tests.media_pipeline.video.films import FFMPEG, film
from tests.realtime.own_redis import OwnRedis, own_redis
from tests.realtime.relay_process import RelayProcess
from tests.stack import wait_until

__all__ = ["own_redis"]
SECONDS = 120
PICTURE = encoded(corners(320, 240))


def small_film() -> bytes:
    return film("320x180", seconds=1, options=("-c:v", "libx264", "-preset", "ultrafast", "-pix_fmt", "yuv420p"))


def status_of(*media_ids: str) -> list[str]:
    found = dict(Media.objects.filter(pk__in=media_ids).values_list("pk", "status"))
    return [str(found[key]) for key in sorted(found, key=lambda pk: media_ids.index(str(pk)))]


def uploaded_in_chunks(client: APIClient, data: bytes, content_type: str = "image/jpeg") -> str:
    """The id of the media of a finalized upload."""
    begun = client.post(
        "/api/uploads/", {"filename": "a.jpg", "content_type": "image/jpeg", "length": len(data)}
    ).json()
    path = f"/api/uploads/{begun['id']}/"
    sent = client.put(f"{path}chunks/0/", data, content_type="application/octet-stream")
    assert sent.status_code == 201, sent.content
    return str(client.post(f"{path}finalize/").json()["media_id"])


@pytest.fixture
def places(settings: Settings) -> dict[str, str]:
    """Where this test's files lie, for other processes."""
    return {"MEDIA_ROOT": str(settings.MEDIA_ROOT), "PRIVATE_MEDIA_ROOT": str(settings.PRIVATE_MEDIA_ROOT)}


@pytest.mark.django_db(transaction=True)
def test_without_a_worker_for_films_pictures_and_finalizing_go_on(
    tmp_path: Path, own_redis: OwnRedis, places: dict[str, str]
) -> None:
    own_redis.start()
    ann, bob = client_of("ann"), client_of("bob")
    films = [upload(ann, small_film()).json()["id"] for _ in range(4)]
    picture = upload(bob, PICTURE).json()["id"]
    finalized = uploaded_in_chunks(bob, PICTURE)
    with RelayProcess(tmp_path, REDIS_URL=own_redis.url), worker(tmp_path, own_redis.url, queues="images", **places):
        wait_until(
            lambda: status_of(picture, finalized) == ["ready", "ready"], seconds=SECONDS, what="the two pictures"
        )
    assert status_of(*films) == ["pending"] * 4


@pytest.mark.django_db(transaction=True)
def test_pictures_queued_for_the_worker_of_films_by_an_older_release_are_still_made(
    tmp_path: Path, own_redis: OwnRedis, places: dict[str, str]
) -> None:
    own_redis.start()
    bob = client_of("bob")
    made = [upload(bob, PICTURE).json()["id"], uploaded_in_chunks(bob, PICTURE)]
    assert set(Job.objects.values_list("queue", flat=True)) == {"images"}
    Job.objects.update(queue="media")
    queues = "images,media"  # the end of an upload asks for the next job by today's name
    with RelayProcess(tmp_path, REDIS_URL=own_redis.url), worker(tmp_path, own_redis.url, queues=queues, **places):
        wait_until(lambda: status_of(*made) == ["ready", "ready"], seconds=SECONDS, what="the two pictures")


class GatedFfmpeg:
    """An ffmpeg that waits for `gate` to be there, and writes down when it begins and ends to work on which media."""

    def __init__(self, folder: Path) -> None:
        self.gate, self.log, self.folder = folder / "gate", folder / "log", folder
        self.log.touch()
        program = folder / "ffmpeg"
        gate, log, ffmpeg = (shlex.quote(str(path)) for path in (self.gate, self.log, FFMPEG))
        program.write_text(
            f"""#!/bin/sh
            case "$*" in *-filters*) exec {ffmpeg} "$@" ;; esac
            media=$(echo "$*" | sed 's|.*originals/../\\([-0-9a-f]*\\).*|\\1|')
            echo begin $media >> {log}
            while [ ! -e {gate} ]; do sleep 0.05; done
            {ffmpeg} "$@"; code=$?
            echo end $media >> {log}
            exit $code
            """
        )
        program.chmod(0o755)

    def path(self) -> str:
        return f"{self.folder}{os.pathsep}{os.environ['PATH']}"

    def lines(self) -> list[tuple[str, str]]:
        return [(word, media) for word, media in map(str.split, self.log.read_text().splitlines())]


@pytest.mark.django_db(transaction=True)
def test_two_films_of_a_person_run_one_after_another_and_those_of_two_people_side_by_side(
    tmp_path: Path, own_redis: OwnRedis, places: dict[str, str]
) -> None:
    own_redis.start()
    gated = tmp_path / "gated"
    gated.mkdir()
    ffmpeg = GatedFfmpeg(gated)
    ann, bob = client_of("ann"), client_of("bob")
    anns = [upload(ann, small_film()).json()["id"] for _ in range(2)]
    bobs = upload(bob, small_film()).json()["id"]
    env = {**places, "PATH": ffmpeg.path()}

    def put_aside() -> bool:
        """One of Ann's has met a worker, which went on without it, and has not used up an attempt."""
        waiting = Job.objects.filter(task=PROCESS_VIDEO, state=Job.State.QUEUED, attempts=0, sent=0)
        return [row.args["media_id"] in anns for row in waiting] == [True]

    with ExitStack() as running:
        running.enter_context(RelayProcess(tmp_path, REDIS_URL=own_redis.url))
        for name in ("one", "two", "three"):
            running.enter_context(worker(tmp_path, own_redis.url, name, queues="media", **env))
        wait_until(lambda: len(ffmpeg.lines()) == 2 and put_aside(), seconds=SECONDS, what="two films at work")
        assert {media for _, media in ffmpeg.lines()} > {bobs}
        ffmpeg.gate.touch()
        wait_until(lambda: status_of(*anns, bobs) == ["ready"] * 3, seconds=SECONDS, what="all films")
    of_ann = [line for line in ffmpeg.lines() if line[1] in anns]
    first, second = of_ann[0][1], of_ann[2][1]
    assert of_ann == [("begin", first), ("end", first), ("begin", second), ("end", second)]


@pytest.mark.django_db
@pytest.mark.parametrize("way", ["at once", "in parts"])
def test_every_way_to_upload_a_film_makes_it_wait_for_its_owners_others(ann: APIClient, way: str) -> None:
    if way == "at once":
        upload(ann, small_film())
    else:
        uploaded_in_chunks(ann, small_film(), "video/mp4")
        [finalize] = Job.objects.all()
        assert execute(finalize.pk)
    job = Job.objects.get()
    assert (job.task, job.queue) == (PROCESS_VIDEO, "media")
    assert job.concurrency_key == f"films of {ann.person.pk}"  # type: ignore[attr-defined]


def test_pictures_wait_for_no_other_of_their_owner(ann: APIClient) -> None:
    upload(ann, PICTURE)
    assert Job.objects.get().concurrency_key == ""
