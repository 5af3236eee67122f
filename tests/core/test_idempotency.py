"""Idempotency-Key: the same request again creates nothing again, and is answered as the first was."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from pytest_django import Settings
from rest_framework.test import APIClient

from core.models import IdempotencyKey
from core.tasks import trim_idempotency_keys
from realtime.models import Job
from tests.actors import client_of
from tests.core import idempotent_routes
from tests.factories import UserFactory

KEY = "0b7c4a0e-6d1e-4f6e-9a43-111111111111"


@pytest.fixture(autouse=True)
def routes(settings: Settings, db: None) -> Iterator[None]:
    settings.ROOT_URLCONF = "tests.core.idempotent_routes"
    idempotent_routes.written.clear()
    idempotent_routes.leave.clear()
    yield


@pytest.fixture
def client() -> APIClient:
    client = client_of(UserFactory())
    client.raise_request_exception = False
    return client


def post(client: APIClient, body: Any, key: str | None = KEY, path: str = "/notes/", **extra: Any) -> Any:
    return client.post(path, body, headers={} if key is None else {"Idempotency-Key": key}, **extra)


def notes() -> list[str]:
    return [note.args["text"] for note in Job.objects.order_by("created_at")]


def age_by(time: timedelta) -> None:
    for key in IdempotencyKey.objects.all():
        key.leased_until -= time
        key.expires_at -= time
        key.save()


@pytest.mark.parametrize("levels", [101, 500, 1000])
def test_json_that_is_nested_too_deeply_is_refused_with_a_key_too(client: APIClient, levels: int) -> None:
    body = '{"text": "soup", "more": ' + "[" * levels + "]" * levels + "}"
    answer = post(client, body, content_type="application/json")
    assert (answer.status_code, answer.json()["code"], notes()) == (400, "parse_error", [])
    assert post(client, {"text": "soup"}).status_code == 201


def test_the_same_request_again_creates_nothing_and_is_answered_as_the_first_was(client: APIClient) -> None:
    first = post(client, {"text": "soup"})
    again = post(client, {"text": "soup"})
    assert (first.status_code, again.status_code, notes()) == (201, 201, ["soup"])
    assert again.content == first.content
    assert [again[name] for name in ("Location", "ETag", "Content-Type")] == [
        f"/notes/{Job.objects.get().pk}/",
        '"1.abc"',
        "application/json",
    ]
    assert again["Idempotency-Replayed"] == "true"
    assert "Idempotency-Replayed" not in first and "X-Other" not in again


def test_an_answer_without_a_body_is_repeated_too(client: APIClient) -> None:
    post(client, {"text": "soup", "then": "say nothing"})
    again = post(client, {"text": "soup", "then": "say nothing"})
    assert (again.status_code, again.content, again["Idempotency-Replayed"]) == (204, b"", "true")
    assert again["Location"] == f"/notes/{Job.objects.get().pk}/"
    assert "Content-Type" not in again


def test_another_key_creates_again(client: APIClient) -> None:
    assert post(client, {"text": "soup"}).status_code == 201
    assert post(client, {"text": "stew"}, key="another").status_code == 201
    assert notes() == ["soup", "stew"]


@pytest.mark.parametrize(
    ("body", "path"),
    [
        ({"text": "stew"}, "/notes/"),
        ({"text": "soup", "more": None}, "/notes/"),
        ({"text": "soup"}, "/others/"),
        ({"text": "soup"}, "/notes/?draft=1"),
    ],
)
def test_another_request_under_a_used_key_is_refused(client: APIClient, body: Any, path: str) -> None:
    post(client, {"text": "soup"})
    other = post(client, body, path=path)
    assert (other.status_code, other.json()["code"]) == (422, "idempotency_mismatch")
    assert other["Content-Type"] == "application/problem+json"
    assert notes() == ["soup"]
    assert post(client, {"text": "soup"})["Idempotency-Replayed"] == "true"


def test_a_key_is_its_persons(client: APIClient) -> None:
    first, second = post(client, {"text": "soup"}), post(client_of(UserFactory()), {"text": "stew"})
    assert (first.status_code, second.status_code, notes()) == (201, 201, ["soup", "stew"])


@pytest.mark.parametrize("refusal", ["refuse", "answer with an error"])
def test_a_refused_request_leaves_nothing_and_frees_its_key(client: APIClient, refusal: str) -> None:
    refused = post(client, {"text": "soup", "then": refusal})
    assert (refused.status_code, notes()) == (403 if refusal == "refuse" else 409, [])
    # Even for another request: nothing has happened under it.
    assert post(client, {"text": "stew"}).status_code == 201
    assert notes() == ["stew"]


def test_a_crash_before_the_commit_leaves_no_effect_and_a_usable_key(client: APIClient) -> None:
    crashed = post(client, {"text": "soup", "then": "crash"})
    assert (crashed.status_code, notes()) == (500, [])
    assert post(client, {"text": "soup"}).status_code == 201
    assert notes() == ["soup"]


def test_a_key_is_kept_for_24_hours(client: APIClient) -> None:
    post(client, {"text": "soup"})
    age_by(timedelta(hours=23, minutes=59))
    assert post(client, {"text": "soup"})["Idempotency-Replayed"] == "true"
    age_by(timedelta(minutes=1))
    assert post(client, {"text": "stew"}).status_code == 201
    assert notes() == ["soup", "stew"]
    assert post(client, {"text": "stew"})["Idempotency-Replayed"] == "true"


def test_keys_past_their_day_are_trimmed(client: APIClient) -> None:
    post(client, {"text": "soup"}, key="old")
    age_by(timedelta(hours=24))
    post(client, {"text": "stew"}, key="new")
    trim_idempotency_keys()
    assert [row.key for row in IdempotencyKey.objects.all()] == ["new"]
    assert IdempotencyKey.objects.get().expires_at > timezone.now()


@pytest.mark.parametrize("key", ["", " ", "two words", "a" * 256, "schlüssel", "tab\t.", "a,\x7f"])
def test_a_key_that_is_none_is_refused(client: APIClient, key: str) -> None:
    answer = post(client, {"text": "soup"}, key=key)
    assert (answer.status_code, list(answer.json()["errors"])) == (400, ["Idempotency-Key"])
    assert notes() == []


@pytest.mark.parametrize("key", ["a", "~" * 255, '"quoted"', "!"])
def test_any_visible_ascii_is_a_key(client: APIClient, key: str) -> None:
    post(client, {"text": "soup"}, key=key)
    assert post(client, {"text": "soup"}, key=key)["Idempotency-Replayed"] == "true"


def test_of_an_anonymous_person_the_header_is_ignored() -> None:
    for name in ("soup", "stew"):
        answer = post(APIClient(), {"text": name}, key="not even \x00 valid")
        assert answer.status_code == 201
    assert not IdempotencyKey.objects.exists()


def test_a_request_without_the_header_costs_no_query(client: APIClient) -> None:
    with CaptureQueriesContext(connection) as plain:
        post(client, {"text": "soup"}, key=None)
    assert [query["sql"] for query in plain if "idempotency" in query["sql"] or "SAVEPOINT" in query["sql"]] == []
    assert len(plain) == 2  # who it is, and the note


def test_a_body_that_cannot_be_read_uses_no_key(client: APIClient) -> None:
    broken = client.post("/notes/", "{", content_type="application/json", headers={"Idempotency-Key": KEY})
    assert broken.status_code == 400
    assert not IdempotencyKey.objects.exists()


def form(client: APIClient, text: str, content: bytes, *, boundary: str = "one") -> Any:
    lines = [
        f'--{boundary}\r\nContent-Disposition: form-data; name="text"\r\n\r\n{text}\r\n',
        f'--{boundary}\r\nContent-Disposition: form-data; name="file"; filename="{boundary}.png"\r\n\r\n',
    ]
    body = "".join(lines).encode() + content + f"\r\n--{boundary}--\r\n".encode()
    content_type = f"multipart/form-data; boundary={boundary}"
    return client.post("/notes/", body, content_type=content_type, headers={"Idempotency-Key": KEY})


def test_a_form_with_another_boundary_is_the_same_request_and_the_view_gets_its_files_whole(client: APIClient) -> None:
    content = bytes(range(256)) * 20_000  # so large that it comes as a temporary file
    first = form(client, "soup", content)
    assert first.json()["sizes"] == {"file": len(content)}
    again = form(client, "soup", content, boundary="two")
    assert (again.content, again["Idempotency-Replayed"]) == (first.content, "true")


def test_a_form_with_another_file_is_another_request(client: APIClient) -> None:
    assert form(client, "soup", b"a picture").status_code == 201
    assert form(client, "soup", b"Another one").status_code == 422


def test_a_file_is_not_the_text_of_its_hash(client: APIClient) -> None:
    file = SimpleUploadedFile("x", b"x")
    assert post(client, {"text": "soup", "file": file}, format="multipart").status_code == 201
    assert post(client, {"text": "soup", "file": "x"}, format="multipart").status_code == 422
