"""`/api/me/export/`: one is asked for, watched, and fetched by its owner alone."""

from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from django.db import IntegrityError, connection, transaction
from django.utils import timezone

from accounts.services.staff import user_suspend
from posts.models import DataExport
from posts.services.exports import export_request
from realtime.models import Job
from tests.concurrently import at_once
from tests.factories import PASSWORD
from tests.jobs import run_jobs
from tests.media_pipeline.conftest import get
from tests.posts.exports.conftest import PATH, asked, fetched, later, ready, state
from tests.recipes.conftest import Person, events

# Files go after the commit.
commits = pytest.mark.django_db(transaction=True)


def told(person: Person) -> list[dict[str, Any]]:
    """What their inbox heard of exports."""
    return [event for event in events(f"inbox:{person.user.pk}") if event["type"].startswith("export.")]


def test_it_is_made_in_the_background_and_its_owner_hears_of_it(ann: Person) -> None:
    response = ann.post(PATH)
    assert response.status_code == 202
    pending = response.json()
    assert pending == state(ann)
    assert pending["status"] == "pending"
    assert {pending[name] for name in ("ready_at", "expires_at", "size", "url")} == {None}
    run_jobs()
    done = state(ann)
    assert done["status"] == "ready" and done["requested_at"] == pending["requested_at"]
    (heard,) = told(ann)
    assert heard["type"] == "export.ready"
    assert heard["size"] == done["size"] == len(fetched(done).content)
    assert heard["expires_at"][:19] == done["expires_at"][:19]
    assert "url" not in heard


def test_the_file_is_an_attachment_named_after_its_owner_and_the_day(ann: Person) -> None:
    answer = fetched(ready(ann))
    assert answer.headers["content-type"] == "application/zip"
    name = f'attachment; filename="simmer-ann-{timezone.now():%Y-%m-%d}.zip"'
    assert answer.headers["content-disposition"] == name


def test_nothing_that_has_the_address_is_kept_by_a_browser(ann: Person) -> None:
    ready(ann)
    assert ann.get(PATH)["Cache-Control"] == "no-store"
    assert ann.post(PATH)["Cache-Control"] == "no-store"


def test_its_address_is_signed_for_this_file_and_an_hour(ann: Person, bob: Person) -> None:
    url, others = ready(ann)["url"], ready(bob)["url"]
    left = int(parse_qs(urlsplit(url).query)["expires"][0]) - timezone.now().timestamp()
    assert 3500 < left <= 3600
    path, other_path = urlsplit(url).path, urlsplit(others).path
    assert path != other_path
    assert get(path).json()["code"] == "bad_signature"
    assert get(url.replace(path, other_path)).json()["code"] == "bad_signature"


def test_who_has_none_is_told_so_whoever_else_has_one(ann: Person, bob: Person, anonymous: Person) -> None:
    ready(ann)
    response = bob.get(PATH)
    assert (response.status_code, response.json()["code"]) == (404, "no_export")
    assert anonymous.get(PATH).status_code == anonymous.post(PATH).status_code == 401


def test_asked_for_again_while_it_is_made_it_is_the_same_one(ann: Person) -> None:
    first = asked(ann)
    again = ann.post(PATH)
    assert (again.status_code, again.json()) == (202, first)
    assert Job.objects.filter(task="posts.make_export").count() == 1


@commits
def test_for_a_day_it_is_the_same_one_and_then_another(ann: Person) -> None:
    first = ready(ann)
    later(hours=23, minutes=59)
    again = ann.post(PATH)
    assert (again.status_code, again.json()["status"], run_jobs()) == (200, "ready", [])
    assert fetched(again.json()).content == fetched(first).content
    later(minutes=2)
    assert ann.post(PATH).status_code == 202
    run_jobs()
    assert get(first["url"]).status_code == 404
    assert fetched(state(ann)).status_code == 200
    assert DataExport.objects.count() == 1


def test_once_its_time_is_over_there_is_none(ann: Person) -> None:
    ready(ann)
    later(days=6, hours=23)
    assert state(ann)["status"] == "ready"
    later(hours=2)
    assert ann.get(PATH).json()["code"] == "no_export"


@commits
def test_one_whose_job_has_died_without_a_word_is_made_anew(ann: Person) -> None:
    asked(ann)
    Job.objects.update(state=Job.State.DEAD)
    assert ann.post(PATH).status_code == 202
    run_jobs()
    assert state(ann)["status"] == "ready"


@commits
def test_with_the_account_it_goes(ann: Person) -> None:
    url = ready(ann)["url"]
    assert ann.delete("/api/me/", {"password": PASSWORD}).status_code == 204
    assert get(url).status_code == 404
    assert not DataExport.objects.exists()


@commits
def test_with_a_suspended_account_it_goes(ann: Person, person: Callable[..., Person]) -> None:
    url = ready(ann)["url"]
    user_suspend(moderator=person("root", is_superuser=True).user, user=ann.user)
    assert get(url).status_code == 404


@pytest.mark.parametrize("closed_by", ["service", "hand"])
def test_none_is_made_of_an_account_that_has_closed_meanwhile(ann: Person, closed_by: str) -> None:
    asked(ann)
    if closed_by == "service":
        ann.delete("/api/me/", {"password": PASSWORD})
    else:
        type(ann.user).objects.filter(pk=ann.user.pk).update(is_active=False)
    run_jobs()
    assert not DataExport.objects.exists()
    assert not told(ann)
    assert not Job.objects.filter(task="posts.make_export").exists()


@commits
def test_of_two_requests_at_once_one_begins_it(ann: Person) -> None:
    if connection.vendor != "postgresql":
        pytest.skip("SQLite has one writer at a time")
    exports = at_once([lambda: export_request(user=ann.user)] * 5)
    assert len({export.pk for export in exports}) == 1
    assert Job.objects.filter(task="posts.make_export").count() == 1


@pytest.mark.parametrize(
    "wrong",
    [
        {"status": "ready"},
        {"status": "ready", "ready_at": timezone.now(), "expires_at": timezone.now(), "size": 5},
        {"status": "pending", "file": "exports/x"},
        {"status": "failed"},
        {"status": "lost"},
    ],
)
def test_the_database_keeps_no_row_that_disagrees_with_itself(ann: Person, wrong: dict[str, object]) -> None:
    asked(ann)
    with pytest.raises(IntegrityError), transaction.atomic():
        DataExport.objects.update(**wrong)
