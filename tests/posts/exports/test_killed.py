"""Wherever the worker is killed that makes an export: run again, there is one file and its owner hears of it once."""

import tempfile
import tracemalloc
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from accounts.models import User
from core import exports as registry
from media_pipeline import storage
from posts.exports import archive, files, jobs
from posts.models import DataExport
from realtime.jobs import MAX_ATTEMPTS, execute
from realtime.models import Job
from tests.factories import PASSWORD
from tests.jobs import run_jobs
from tests.media_pipeline.storages.places import Place
from tests.posts.exports.conftest import PATH, asked, later, ready, state, unpacked
from tests.recipes.conftest import Person, events

pytestmark = pytest.mark.django_db(transaction=True)


class Killed(BaseException):
    """Nothing of ours catches it, as nothing catches SIGKILL: no clean-up is run."""


def kill_at(monkeypatch: pytest.MonkeyPatch, where: Any, name: str, *, after: bool) -> None:
    """The worker dies where that function is called, or when it returns; its lease is over at once."""
    function = getattr(where, name)

    def die(*args: Any, **kwargs: Any) -> Any:
        if after:
            function(*args, **kwargs)
        raise Killed

    with monkeypatch.context() as patch:
        patch.setattr(where, name, die)
        # What a killed process cannot do.
        patch.setattr(storage, "delete_quietly", lambda *args: None)
        patch.setattr(storage, "UndoneUnlessCommitted", lambda *args: lambda: None)
        with pytest.raises(Killed):
            run_jobs()
    Job.objects.update(enqueue_at=timezone.now())


def heard(person: Person) -> list[str]:
    return [event["type"] for event in events(f"inbox:{person.user.pk}") if event["type"].startswith("export.")]


@pytest.mark.parametrize("after", [False, True])
@pytest.mark.parametrize(
    ("where", "name"),
    [(archive, "write"), (jobs, "_finish"), (jobs, "new_key")],
    ids=["writing", "finishing", "naming"],
)
def test_run_again_it_leaves_one_file(
    ann: Person, place: Place, monkeypatch: pytest.MonkeyPatch, where: Any, name: str, after: bool
) -> None:
    if place.kind not in ("local", "moto") and (name, after) != ("_finish", False):
        pytest.skip("once is enough there")
    asked(ann)
    kill_at(monkeypatch, where, name, after=after)
    run_jobs()
    assert state(ann)["status"] == "ready"
    assert heard(ann) == ["export.ready"]
    jobs.sweep()
    assert place.names("exports") == [DataExport.objects.get().file]
    assert "account.json" in unpacked(place.fetch(state(ann)["url"]).content)


def test_what_a_write_leaves_that_breaks_off_goes_with_the_next_one(
    ann: Person, place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked(ann)
    export = DataExport.objects.get()
    half = f"{files.folder_of(export.pk)}/half"
    place.write(half)
    run_jobs()
    assert place.names("exports") == [DataExport.objects.get().file]
    assert DataExport.objects.get().file != half


def test_it_is_the_same_wherever_private_files_lie(ann: Person, place: Place) -> None:
    ann.post("/api/posts/", {"text": "Bread is in the oven."})
    answer = place.fetch(ready(ann)["url"])
    assert answer.status_code == 200
    assert b"Bread is in the oven." in unpacked(answer.content)["posts.json"]
    assert len(answer.content) == state(ann)["size"]
    if place.kind != "cloudinary":  # whose stub does not say it
        assert answer.headers["content-type"] == "application/zip"
    ann.delete("/api/me/", {"password": PASSWORD})
    assert place.names("exports") == []


def test_a_worker_that_lost_its_job_leaves_no_file(ann: Person, place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    asked(ann)
    write = archive.write

    def overtaken(*args: Any, **kwargs: Any) -> int:
        monkeypatch.setattr(archive, "write", write)
        Job.objects.update(enqueue_at=timezone.now() - timedelta(seconds=1))
        assert execute(Job.objects.get().pk)
        return write(*args, **kwargs)

    monkeypatch.setattr(archive, "write", overtaken)
    execute(Job.objects.get().pk)
    assert place.names("exports") == [DataExport.objects.get().file]
    assert heard(ann) == ["export.ready"]


def test_an_account_that_closes_while_it_is_made_leaves_no_file(
    ann: Person, place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked(ann)
    write = archive.write

    def closed(*args: Any, **kwargs: Any) -> int:
        ann.delete("/api/me/", {"password": PASSWORD})
        return write(*args, **kwargs)

    monkeypatch.setattr(archive, "write", closed)
    run_jobs()
    assert place.names("exports") == []
    assert not DataExport.objects.exists() and not heard(ann)


def test_what_cannot_be_made_fails_after_its_last_attempt_and_may_be_asked_for_again(
    ann: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked(ann)
    with monkeypatch.context() as broken:

        def fail(*args: Any, **kwargs: Any) -> int:
            raise OSError("No space left on device")

        broken.setattr(archive, "write", fail)
        for attempt in range(1, MAX_ATTEMPTS + 1):
            assert state(ann)["status"] == "pending", attempt
            run_jobs()
            Job.objects.update(enqueue_at=timezone.now())
    failed = state(ann)
    assert failed["status"] == "failed" and failed["url"] is None
    assert heard(ann) == ["export.failed"]
    assert Job.objects.get().state == Job.State.DEAD
    assert ann.post(PATH).status_code == 202
    run_jobs()
    assert state(ann)["status"] == "ready"


# --- the sweep ---


def test_the_sweep_deletes_what_has_had_its_time_and_nothing_else(ann: Person, bob: Person, place: Place) -> None:
    ready(ann)
    later(days=7, minutes=1)
    kept = ready(bob)
    jobs.sweep()
    assert [export.user_id for export in DataExport.objects.all()] == [bob.user.pk]
    assert place.names("exports") == [DataExport.objects.get().file]
    assert place.fetch(kept["url"]).status_code == 200
    later(days=6, hours=23)
    jobs.sweep()
    assert DataExport.objects.exists()


def test_the_sweep_deletes_files_that_no_export_names(
    ann: Person, place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    ready(ann)
    export = DataExport.objects.get()
    gone = "exports/00000000-0000-4000-8000-000000000000/abc"
    place.write(gone)
    place.write(f"{files.folder_of(export.pk)}/other")
    place.write("exports/README")
    jobs.sweep()
    assert len(place.names("exports")) == 4, "they are young"
    monkeypatch.setattr(jobs, "SWEPT_AFTER", timedelta(seconds=-60))
    jobs.sweep()
    assert place.names("exports") == sorted(["exports/README", export.file])


def test_the_sweep_gives_up_those_whose_job_has_died_without_a_word(ann: Person, bob: Person) -> None:
    asked(ann)
    Job.objects.update(state=Job.State.DEAD)
    asked(bob)
    jobs.sweep()
    assert state(ann)["status"] == "pending", "it is young"
    later(hours=2)
    jobs.sweep()
    assert (state(ann)["status"], state(bob)["status"]) == ("failed", "pending")
    assert heard(ann) == ["export.failed"]


def test_the_file_of_a_person_who_was_deleted_goes(ann: Person, place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    ready(ann)
    User.objects.get(pk=ann.user.pk).delete()
    monkeypatch.setattr(jobs, "SWEPT_AFTER", timedelta(seconds=-60))
    jobs.sweep()
    assert place.names("exports") == []


# --- memory ---


def test_no_more_than_a_chunk_is_in_memory(ann: Person, monkeypatch: pytest.MonkeyPatch) -> None:
    """Eight megabytes of rows cost no more than one does."""

    def peak(megabytes: int) -> int:
        def rows(user: Any) -> Iterator[dict[str, Any]]:
            for number in range(megabytes * 100):
                yield {"id": number, "text": "x" * 10_000}

        monkeypatch.setattr(registry, "_files", {"large": registry.ExportFile("large", rows, "Large.")})
        with tempfile.TemporaryFile() as file:
            tracemalloc.start()
            archive.write(ann.user, file, made_at=timezone.now())
            found = tracemalloc.get_traced_memory()[1]
            tracemalloc.stop()
        return found

    peak(1)
    assert peak(8) < peak(1) + 500_000
