"""Each text that people write is one line or prose, and says which."""

import unicodedata
from collections.abc import Iterator
from typing import Any

import pytest
from rest_framework import serializers
from rest_framework.test import APIClient

import accounts.serializers
import media_pipeline.serializers
import posts.serializers
import posts.views
import recipes.serializers
from accounts.models import Application, User
from core.fields import OneLine, Opaque, Prose
from core.texts import as_one_line, clean_lines
from tests.actors import client_of
from tests.factories import PASSWORD, UserFactory

pytestmark = pytest.mark.django_db

KINDS = (OneLine, Prose, Opaque)
# DRF's fields whose text has a form of its own.
TYPED = (serializers.EmailField, serializers.URLField, serializers.UUIDField, serializers.ChoiceField)


def inputs() -> Iterator[type[serializers.Serializer[Any]]]:
    """Every serializer that reads a request: all but those that describe answers."""
    waiting: list[Any] = [serializers.Serializer]
    while waiting:
        for found in waiting.pop().__subclasses__():
            waiting.append(found)
            is_ours = not found.__module__.startswith(("rest_framework", "drf_spectacular", "tests"))
            if is_ours and not found.__name__.endswith(("Output", "Form")):
                yield found


def texts_in(field: Any) -> Iterator[serializers.CharField]:
    for child in (getattr(field, "child", None), *getattr(field, "fields", {}).values()):
        if child is not None:
            yield from texts_in(child)
    if isinstance(field, serializers.CharField) and not field.read_only:
        yield field


def test_every_text_of_a_request_is_declared_one_line_prose_or_opaque() -> None:
    assert accounts.serializers and media_pipeline.serializers and posts.serializers and recipes.serializers
    found = [(serializer, text) for serializer in inputs() for text in texts_in(serializer())]
    assert len(found) > 25
    undeclared = {
        f"{serializer.__name__}.{text.field_name}"
        for serializer, text in found
        if not isinstance(text, (*KINDS, *TYPED)) and not serializer.__module__.startswith("accounts.oauth")
    }
    assert not undeclared, "say OneLine, Prose or Opaque (core/fields.py)"


UNFIT = {
    "a line break": "Ann\nLee",
    "a carriage return": "Ann\rLee",
    "a next line": "Ann\x85Lee",
    "a line separator": "Ann\u2028Lee",
    "a paragraph separator": "Ann\u2029Lee",
    "a tab": "Ann\tLee",
    "a control character": "Ann\x1bLee",
    "an override": "Ann\u202eeeL",
    "an isolate": "Ann\u2066Lee",
    "nothing but zero width spaces": "\u200b\u200b",
    "nothing but fillers": "\u3164\u115f",
    "nothing but marks": "\u0301",
}


@pytest.mark.parametrize("name", UNFIT.values(), ids=UNFIT)
@pytest.mark.parametrize("field", ["display_name", "first_name", "last_name"])
def test_a_name_that_is_not_one_visible_line_is_refused(field: str, name: str) -> None:
    ann = UserFactory(username="ann")
    body = {"email": "new@example.com", "password": PASSWORD, field: name}
    for answer in (
        APIClient().post("/api/auth/register/", body),
        client_of(ann).patch("/api/me/", {field: name}),
    ):
        assert (answer.status_code, list(answer.json()["errors"])) == (400, [field])


@pytest.mark.parametrize("name", ["Zoë", "प्रिया शर्मा", "علی‌رضا", "👩‍🍳 Ann", "O'Soup-Lee", "東京\u3000太郎"])
def test_names_of_all_scripts_are_taken_in_composed_form(name: str) -> None:
    ann = UserFactory(username="ann")
    answer = client_of(ann).patch("/api/me/", {"display_name": unicodedata.normalize("NFD", name)})
    assert answer.json()["display_name"] == unicodedata.normalize("NFC", name)


def test_prose_keeps_its_lines() -> None:
    ann = UserFactory(username="ann")
    assert client_of(ann).patch("/api/me/", {"bio": "Bread.\n\nMostly."}).json()["bio"] == "Bread.\n\nMostly."


def test_a_text_from_elsewhere_becomes_one_line() -> None:
    assert as_one_line(" Soup\r\n\n of\tthe \u202eday\x00 ") == "Soup of the day"


def test_names_that_are_stored_are_cleaned() -> None:
    broken = UserFactory(username="broken", display_name="Win\n\nmoney", first_name="Ame\u0301lie", last_name="\u200b")
    intact = UserFactory(username="intact", display_name="Ann Lee")
    app = Application.objects.create(name="\u202e\n", redirect_uris="https://app.example/back")
    assert clean_lines(User, ["first_name", "last_name", "display_name"]) == 1
    assert clean_lines(Application, ["name"], otherwise="App {pk}") == 1
    for row in (broken, intact, app):
        row.refresh_from_db()
    assert (broken.display_name, broken.first_name, broken.last_name) == ("Win money", "Amélie", "")
    assert (intact.display_name, app.name) == ("Ann Lee", f"App {app.pk}")
