"""Media of a closed or suspended account are withdrawn from their addresses, and come back to the same ones."""

import os
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import Event
from typing import Any

import httpx
import pytest
from django.db import connection, connections
from django.utils import timezone
from pytest_django import DjangoCaptureOnCommitCallbacks, Settings
from rest_framework.test import APIClient

from accounts.models import User
from accounts.services.staff import user_restore, user_suspend
from media_pipeline import moving, withdrawal
from media_pipeline.models import Media
from media_pipeline.removal import media_delete
from media_pipeline.tasks import sweep_files
from media_pipeline.withdrawal import follow_owners
from realtime.enqueueing import due_jobs
from realtime.jobs import execute
from realtime.models import Job
from tests.concurrently import someone_waits_for_a_lock
from tests.factories import PASSWORD, UserFactory
from tests.jobs import run_jobs
from tests.media_pipeline.conftest import client_of, get, processed, upload
from tests.media_pipeline.storages.conftest import original_of
from tests.media_pipeline.storages.places import Place
from tests.media_pipeline.video.films import film
from tests.s3 import Bucket, media_on_s3
from tests.stack import wait_until

# What a bucket answers to those who may not list it, and Cloudinary, is not always 404.
WITHDRAWN = {"local": {404}, "moto": {403, 404}, "rclone": {404}, "cloudinary": {401, 404}}
FOLDERS = ("originals", "renditions", "withdrawn-originals", "withdrawn-renditions")


def addresses(media: Any) -> list[str]:
    """Every public address of a media: sizes in both formats, poster, master playlist, and what that names."""
    found = [rendition[kind] for rendition in media["renditions"].values() for kind in ("url", "webp")]
    if media["hls_url"]:
        found.append(media["hls_url"])
        if "?" not in media["hls_url"]:  # signed: what a playlist names is not
            folder = media["hls_url"].rpartition("/")[0]
            found += [f"{folder}/{name}" for name in ("180p.m3u8", "180p.mp4")]
    return found


def original_url(client: APIClient, media: Any) -> str:
    answer = client.get(f"/api/media/{media['id']}/original/")
    assert answer.status_code == 200, answer.content
    return str(answer.json()["url"])


def suspend(client: APIClient) -> User:
    """Suspended by the moderator that is returned."""
    moderator = UserFactory(staff_role="admin")
    user_suspend(moderator=moderator, user=client.person)  # type: ignore[attr-defined]
    return moderator


def restore(client: APIClient, moderator: User) -> None:
    user_restore(moderator=moderator, user=User.objects.get(pk=client.person.pk))  # type: ignore[attr-defined]


def contents(place: Place) -> dict[str, list[str]]:
    return {folder: place.names(folder) for folder in FOLDERS}


def test_media_of_a_closed_account_are_withdrawn(ann: APIClient, place: Place, picture: bytes) -> None:
    media = processed(ann, picture)
    urls = [*addresses(media), original_url(ann, media)]
    assert {place.fetch(url).status_code for url in urls} == {200}
    assert ann.delete("/api/me/", {"password": PASSWORD}).status_code == 204
    run_jobs()
    assert {place.fetch(url).status_code for url in urls} <= WITHDRAWN[place.kind]
    found = contents(place)
    assert (found["originals"], found["renditions"]) == ([], [])
    assert len(found["withdrawn-renditions"]) == 6 and len(found["withdrawn-originals"]) == 1


def test_media_come_back_to_the_same_addresses_when_a_suspension_ends(
    ann: APIClient, place: Place, picture: bytes
) -> None:
    made = [processed(ann, picture), processed(ann, film("320x180", seconds=1))]
    assert made[1]["kind"] == "video" and made[1]["status"] == "ready"
    urls = [url for media in made for url in addresses(media)]
    originals = [original_url(ann, media) for media in made]
    before = contents(place)
    answers = {url: place.fetch(url) for url in urls}
    assert {answer.status_code for answer in answers.values()} == {200}
    moderator = suspend(ann)
    run_jobs()
    assert {place.fetch(url).status_code for url in [*urls, *originals]} <= WITHDRAWN[place.kind]
    restore(ann, moderator)
    run_jobs()
    assert contents(place) == before
    for url, answer in answers.items():
        again = place.fetch(url)
        assert (again.status_code, again.content) == (200, answer.content)
        for header in ("content-type", "cache-control"):
            assert again.headers[header] == answer.headers[header]
    assert [place.fetch(url).status_code for url in originals] == [200, 200]
    assert not Media.objects.filter(is_withdrawn=True).exists()


def test_media_that_are_finished_after_the_closing_are_withdrawn(ann: APIClient, place: Place, picture: bytes) -> None:
    good, bad = upload(ann, picture), upload(ann, picture[: len(picture) // 2])
    assert (good.status_code, bad.status_code) == (202, 202)
    waiting = [job.id for job in due_jobs()]
    suspend(ann)
    # The job of the suspension comes first, and finds nothing finished.
    for job in due_jobs().filter(task=withdrawal.FOLLOW_OWNER):
        assert execute(job.id)
    assert Job.objects.filter(id__in=waiting).count() == 2
    run_jobs()
    assert set(Media.objects.values_list("status", "is_withdrawn")) == {("ready", True), ("failed", True)}
    found = contents(place)
    assert (found["originals"], found["renditions"]) == ([], [])


def test_a_withdrawn_failure_that_is_tried_again_is_withdrawn_with_its_new_files(
    ann: APIClient, place: Place, picture: bytes
) -> None:
    media_id = upload(ann, picture).json()["id"]
    Media.objects.update(status="failed")
    suspend(ann)
    for job in due_jobs().filter(task=withdrawal.FOLLOW_OWNER):
        assert execute(job.id)
    assert Media.objects.get().is_withdrawn
    # The worker has read it before.
    place.write(f"originals/{media_id[:2]}/{media_id}", picture)
    run_jobs()
    media = Media.objects.get()
    assert (media.status, media.is_withdrawn) == ("ready", True)
    assert [len(names) for names in contents(place).values()] == [0, 0, 1, 6]


def test_no_original_has_an_address_while_its_media_is_worked_on(ann: APIClient, picture: bytes) -> None:
    media = upload(ann, picture).json()
    answer = ann.get(f"/api/media/{media['id']}/original/")
    assert (answer.status_code, answer.json()["code"]) == (409, "not_ready")
    run_jobs()
    assert original_url(ann, media)


class Killed(BaseException):
    """The worker ends."""


def killed_before_each_move(monkeypatch: pytest.MonkeyPatch) -> int:
    """Runs the job again and again, and ends it before the first file it moves, then the second, ...; how often."""
    move_file, left = moving.move_file, 0

    def move(*args: Any) -> None:
        nonlocal left
        if not left:
            raise Killed
        left -= 1
        move_file(*args)

    kills = 0
    with monkeypatch.context() as patched:
        for module in (moving, withdrawal):
            patched.setattr(module, "move_file", move)
        for allowed in range(20):
            left = allowed
            for job in Job.objects.filter(task=withdrawal.FOLLOW_OWNER):
                Job.objects.filter(id=job.id).update(state="queued", attempts=0, sent=1, enqueue_at=timezone.now())
                try:
                    assert execute(job.id)
                except Killed:
                    kills += 1
    return kills


def test_a_withdrawal_that_is_killed_before_any_move_goes_on(
    ann: APIClient, place: Place, picture: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    urls = [url for _ in range(2) for url in addresses(processed(ann, picture))]
    before = contents(place)
    moderator = suspend(ann)
    assert killed_before_each_move(monkeypatch) > 3
    assert {place.fetch(url).status_code for url in urls} <= WITHDRAWN[place.kind]
    restore(ann, moderator)
    assert killed_before_each_move(monkeypatch) > 3
    assert contents(place) == before
    assert {place.fetch(url).status_code for url in urls} == {200}


def test_withdrawn_media_are_swept_by_nobody_and_deleted_whole(
    ann: APIClient,
    place: Place,
    picture: bytes,
    nothing_is_young: None,
    django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
) -> None:
    media = processed(ann, picture)
    place.write("withdrawn-renditions/00/00000000-0000-4000-8000-000000000000/ab/large.jpg", picture)
    place.write("withdrawn-originals/00/00000000-0000-4000-8000-000000000000")
    suspend(ann)
    run_jobs()
    sweep_files()
    found = contents(place)
    assert [len(found[folder]) for folder in FOLDERS] == [0, 0, 1, 6]
    assert place.read(found["withdrawn-originals"][0]) == picture
    with django_capture_on_commit_callbacks(execute=True):
        media_delete(media=Media.objects.get(pk=media["id"]))
    assert [len(names) for names in contents(place).values()] == [0, 0, 0, 0]


def test_media_that_lie_where_they_should_not_are_found_without_a_job(
    ann: APIClient, place: Place, picture: bytes
) -> None:
    """As after an upgrade, or when the job has failed for good."""
    media = processed(ann, picture)
    follow_owners()
    assert not Job.objects.exists()
    User.objects.filter(pk=ann.person.pk).update(is_active=False)  # type: ignore[attr-defined]
    follow_owners()
    Job.objects.update(state="dead", attempts=5)
    follow_owners()
    assert list(Job.objects.values_list("task", "state")) == [(withdrawal.FOLLOW_OWNER, "queued")]
    run_jobs()
    assert place.fetch(media["url"]).status_code in WITHDRAWN[place.kind]
    User.objects.filter(pk=ann.person.pk).update(is_active=True)  # type: ignore[attr-defined]
    follow_owners()
    run_jobs()
    assert place.fetch(media["url"]).status_code == 200
    assert original_of(place, media["id"]) == picture


def test_many_media_are_withdrawn_in_several_runs(
    ann: APIClient, picture: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(withdrawal, "CHUNK", 1)
    for _ in range(3):
        processed(ann, picture)
    suspend(ann)
    assert run_jobs().count(withdrawal.FOLLOW_OWNER) == 3
    assert set(Media.objects.values_list("is_withdrawn", flat=True)) == {True}


@pytest.mark.django_db(transaction=True)
def test_a_picture_that_is_finished_while_its_account_closes_is_withdrawn(
    picture: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The worker has seen the account open, and commits after the job of the suspension has begun."""
    if connection.vendor != "postgresql":
        pytest.skip("SQLite has one writer at a time")
    client, is_active = client_of("eve"), withdrawal._is_active
    seen, may_commit = Event(), Event()

    def slow(owner_id: int) -> bool:
        found = is_active(owner_id)
        if not seen.is_set():
            seen.set()
            assert may_commit.wait(60)
        return found

    def run_first(task: str) -> None:
        try:
            assert execute(Job.objects.get(task=task).id)
        finally:
            connections.close_all()

    assert upload(client, picture).status_code == 202
    monkeypatch.setattr(withdrawal, "_is_active", slow)
    with ThreadPoolExecutor(2) as pool:
        finishing = pool.submit(run_first, "media_pipeline.process_image")
        assert seen.wait(60)
        suspend(client)
        following = pool.submit(run_first, withdrawal.FOLLOW_OWNER)
        wait_until(lambda: following.done() or someone_waits_for_a_lock(), what="the job of the suspension")
        may_commit.set()
        finishing.result()
        following.result()
    media = Media.objects.get()
    assert (media.status, media.is_withdrawn) == ("ready", True)


@pytest.fixture
def other_disk(settings: Settings) -> Iterator[Path]:
    """The private storage on another file system than the public one."""
    with TemporaryDirectory(dir="/dev/shm" if Path("/dev/shm").is_dir() else None) as folder:
        if os.stat(folder).st_dev == os.stat(Path(settings.MEDIA_ROOT).parent).st_dev:
            pytest.skip("needs two file systems")
        private = {**settings.STORAGES["private"], "OPTIONS": {"location": folder, "base_url": None}}
        settings.STORAGES = {**settings.STORAGES, "private": private}
        settings.PRIVATE_MEDIA_ROOT = Path(folder)
        yield Path(folder)


def test_media_are_withdrawn_to_another_file_system(ann: APIClient, other_disk: Path, picture: bytes) -> None:
    media = processed(ann, picture)
    urls = addresses(media)
    before = {url: (get(url).content, get(url).headers["etag"]) for url in urls}
    moderator = suspend(ann)
    run_jobs()
    assert {get(url).status_code for url in urls} == {404}
    assert len([path for path in (other_disk / "withdrawn-renditions").rglob("*") if path.is_file()]) == 6
    restore(ann, moderator)
    run_jobs()
    assert {url: (get(url).content, get(url).headers["etag"]) for url in urls} == before
    assert not [path for path in (other_disk / "withdrawn-renditions").rglob("*") if path.is_file()]


def test_media_that_come_back_are_public_by_their_acl_again(
    ann: APIClient, moto: Bucket, settings: Settings, picture: bytes
) -> None:
    settings.AWS_DEFAULT_ACL = "public-read"
    media_on_s3(settings)
    url = processed(ann, picture)["url"]
    assert httpx.get(url).status_code == 200
    moderator = suspend(ann)
    run_jobs()
    withdrawn = moto.keys("withdrawn-")
    assert len(withdrawn) == 7
    assert {httpx.get(f"{moto.endpoint}/{moto.name}/{name}").status_code for name in withdrawn} == {403}
    restore(ann, moderator)
    run_jobs()
    assert httpx.get(url).status_code == 200
    assert {httpx.get(f"{moto.endpoint}/{moto.name}/{name}").status_code for name in moto.keys("originals/")} == {403}
