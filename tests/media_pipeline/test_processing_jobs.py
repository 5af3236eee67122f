from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any, ClassVar

import pytest
from django.core.files.storage import FileSystemStorage, storages
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries, Settings
from rest_framework.test import APIClient

from media_pipeline.models import Media
from media_pipeline.services import media_delete
from media_pipeline.shapes import image_fields, image_shape, image_shape_from, media_shape, rendition_url
from realtime.jobs import MAX_ATTEMPTS, execute, revive
from realtime.models import Job, StreamEvent
from tests.jobs import run_jobs
from tests.media_pipeline.conftest import all_outputs, processed, upload
from tests.media_pipeline.pictures import corners, encoded, png

PHOTO = encoded(corners())
Files = Callable[[], list[Path]]


class Killed(BaseException):
    """As a kill: no `except Exception` sees it."""


class DyingStorage(FileSystemStorage):
    """Fails after so many writes, as a process that is killed or a disk that is full does."""

    writes_left: ClassVar[int] = 0
    failure: ClassVar[type[BaseException]] = Killed

    def save(self, name: Any, content: Any, max_length: int | None = None) -> str:
        if type(self).writes_left <= 0:
            raise self.failure
        type(self).writes_left -= 1
        return super().save(name, content, max_length)


@pytest.fixture
def dying(settings: Settings) -> type[DyingStorage]:
    settings.STORAGES = {
        **settings.STORAGES,
        "default": {**settings.STORAGES["default"], "BACKEND": f"{__name__}.DyingStorage"},
    }
    DyingStorage.failure = Killed
    return DyingStorage


def events(kind: str) -> list[StreamEvent]:
    return list(StreamEvent.objects.filter(type=kind).order_by("id"))


def try_again() -> None:
    """The lease or the back-off is over."""
    Job.objects.update(enqueue_at=timezone.now() - timedelta(seconds=1))
    run_jobs()


def test_ready_media_are_told_to_their_owner_alone(ann: APIClient) -> None:
    media = processed(ann, PHOTO)
    [event] = events("media.ready")
    assert event.channel == f"inbox:{ann.person.pk}"  # type: ignore[attr-defined]
    assert event.data["actor"] is None
    assert media.items() <= event.data.items()
    assert Job.objects.count() == 0


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (PHOTO[: len(PHOTO) // 2], "truncated"),
        (encoded(corners(), "PNG")[:-400], "truncated"),
        (encoded(corners(), "WEBP")[:-400], "truncated"),
        (encoded(corners(), "HEIF")[:-400], "truncated"),
        (png(100, 100, row=b"\0" * 3), "truncated"),
    ],
    ids=["jpeg", "png", "webp", "heic", "rows too short"],
)
def test_a_damaged_picture_fails_once_with_a_code(ann: APIClient, data: bytes, code: str, files: Files) -> None:
    answer = upload(ann, data)
    if answer.status_code == 400:  # some containers tell by their header
        assert (answer.json()["code"], files()) == (code, [])
        return
    run_jobs()
    media = ann.get(answer["Location"]).json()
    assert (media["status"], media["error"], media["url"], media["renditions"]) == ("failed", code, None, {})
    [event] = events("media.failed")
    assert event.data["error"] == code
    assert Job.objects.count() == 0
    assert len(files()) == 1  # the original


def test_a_header_that_lied_about_its_kind_fails(ann: APIClient) -> None:
    media = Media.objects.get(id=upload(ann, PHOTO).json()["id"])
    with storages["private"].open(media.original, "wb") as file:
        file.write(b"something else")
    run_jobs()
    media.refresh_from_db()
    assert (media.status, media.error) == ("failed", "unsupported_media")


@pytest.mark.parametrize("writes", range(7))
def test_killed_at_any_write_and_run_again_it_comes_to_the_same(
    ann: APIClient, dying: type[DyingStorage], files: Files, writes: int
) -> None:
    dying.writes_left = 100
    undisturbed = all_outputs(processed(ann, PHOTO))
    before = len(files())

    media_id = upload(ann, PHOTO).json()["id"]
    dying.writes_left = writes
    if writes < 6:
        with pytest.raises(Killed):
            run_jobs()
        assert ann.get(f"/api/media/{media_id}/").json()["status"] == "processing"
        assert len(events("media.ready")) == 1
    dying.writes_left = 100
    try_again()

    media = ann.get(f"/api/media/{media_id}/").json()
    assert media["status"] == "ready"
    assert all_outputs(media) == undisturbed
    assert len(events("media.ready")) == 2
    assert Job.objects.count() == 0
    assert len(files()) == before + 7  # an original and six renditions, none left of the first run


def test_a_message_that_comes_twice_does_nothing_the_second_time(ann: APIClient) -> None:
    upload(ann, PHOTO)
    job = Job.objects.get()
    assert execute(job.id)
    assert not execute(job.id)
    assert len(events("media.ready")) == 1


def test_a_job_for_media_that_are_ready_changes_nothing(ann: APIClient) -> None:
    upload(ann, PHOTO)
    again = Job.objects.get()
    run_jobs()
    before = Media.objects.values().get()
    again.save(force_insert=True)
    run_jobs()
    assert Media.objects.values().get() == before
    assert len(events("media.ready")) == 1


def test_a_full_disk_is_tried_again_and_then_given_up(ann: APIClient, dying: type[DyingStorage]) -> None:
    media_id = upload(ann, PHOTO).json()["id"]
    dying.writes_left, dying.failure = 2, OSError
    run_jobs()
    for attempt in range(1, MAX_ATTEMPTS):
        assert (Job.objects.get().attempts, events("media.failed")) == (attempt, [])
        try_again()
    assert Job.objects.get().state == Job.State.DEAD
    assert ann.get(f"/api/media/{media_id}/").json()["error"] == "processing_failed"
    assert len(events("media.failed")) == 1

    # The operator makes room and revives the job.
    dying.writes_left = 100
    revive(Job.objects.all())
    run_jobs()
    media = ann.get(f"/api/media/{media_id}/").json()
    assert (media["status"], media["error"]) == ("ready", None)
    assert len(events("media.ready")) == 1


def test_a_lost_original_fails(ann: APIClient, files: Files) -> None:
    media_id = upload(ann, PHOTO).json()["id"]
    files()[0].unlink()
    run_jobs()
    assert ann.get(f"/api/media/{media_id}/").json()["error"] == "original_missing"
    assert Job.objects.count() == 0


def test_media_deleted_before_their_job_need_none(ann: APIClient) -> None:
    upload(ann, PHOTO)
    media_delete(media=Media.objects.get())
    run_jobs()
    assert (Job.objects.count(), StreamEvent.objects.filter(type__startswith="media").count()) == (0, 0)


def test_media_deleted_while_they_are_worked_on_leave_nothing(
    ann: APIClient, dying: type[DyingStorage], files: Files, monkeypatch: pytest.MonkeyPatch
) -> None:
    dying.writes_left = 6
    upload(ann, PHOTO)
    save = DyingStorage.save

    def save_and_delete(self: DyingStorage, *args: Any, **kwargs: Any) -> str:
        name = save(self, *args, **kwargs)
        if not dying.writes_left:  # the last of six: its owner deletes it at this moment
            Media.objects.all().delete()
        return name

    monkeypatch.setattr(DyingStorage, "save", save_and_delete)
    run_jobs()
    assert (Job.objects.count(), StreamEvent.objects.filter(type__startswith="media").count()) == (0, 0)
    assert len(files()) == 1  # the original, which the sweep takes


def test_shaping_costs_no_query(ann: APIClient, django_assert_num_queries: DjangoAssertNumQueries) -> None:
    shape = processed(ann, PHOTO)
    media = Media.objects.get()
    row = {f"image__{name}": value for name, value in Media.objects.values().get().items()}
    assert set(image_fields()) <= row.keys()
    with django_assert_num_queries(0):
        assert media_shape(media) == shape
        image = image_shape(media)
        assert image == image_shape_from(row)
        assert image is not None and image.items() <= shape.items()
        assert rendition_url(media, "small") == shape["renditions"]["small"]["url"]
        assert image_shape(None) is image_shape_from(dict.fromkeys(image_fields("x__")), "x__") is None
        assert rendition_url(None, "small") is rendition_url(Media(), "small") is None
