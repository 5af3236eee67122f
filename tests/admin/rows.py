"""Rows for every table that there is, as many as one likes: by what the models say, and by hand where they don't."""

import uuid
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

from django.apps import apps
from django.db import models
from django.utils import timezone

Model = type[models.Model]

# What the database asks of a row beside the types of its columns; `number` goes up from 0.
BY_HAND: dict[str, Callable[[int], dict[str, Any]]] = {
    "accounts.Application": lambda number: {"redirect_uris": "https://app.example/back", "user": None},
    "accounts.Backup": lambda number: {"week": f"{2000 + number // 52}-W{number % 52 + 1:02d}"},
    "accounts.User": lambda number: {"email": f"row{number}@example.com", "username": f"row{number}"},
    "accounts.Follow": lambda number: {"followee": number + 1},
    "accounts.Block": lambda number: {"blocked": number + 1},
    "accounts.Mute": lambda number: {"muted": number + 1},
    "core.IdempotencyKey": lambda number: {"status": None, "body": None},
    "django_celery_beat.PeriodicTask": lambda number: {"interval": number},
    "django_celery_beat.SolarSchedule": lambda number: {"latitude": number % 90, "event": "dawn_civil"},
    "media_pipeline.Media": lambda number: {"status": "ready", "width": 8, "height": 8},
    "media_pipeline.Extent": lambda number: {"length": 1},
    "media_pipeline.UploadSession": lambda number: {"length": 1, "chunk_size": 1, "sealed_at": None, "whole": None},
    "posts.Comment": lambda number: {"text": "Looks good.", "parent": None},
    "posts.DataExport": lambda number: {"status": "ready", "size": 1},
    "posts.Post": lambda number: {
        **{"kind": "status", "text": "Dinner is ready.", "announces": None, "recipe": None, "original": None},
        **{"status": "published", "publish_at": None},
    },
    "posts.Rating": lambda number: {"score": 1},
    "recipes.Rating": lambda number: {"score": 1},
    "recipes.Ingredient": lambda number: {"quantity_max": None},
    "recipes.Recipe": lambda number: {"image": None},
    "realtime.Epoch": lambda number: {"id": 1},
    "realtime.Job": lambda number: {"task": "posts.notify", "enqueue_at": timezone.now() + timedelta(days=1)},
    "realtime.StreamEvent": lambda number: {"offset": number + 1, "position": number + 1},
}
# Tables that have one row by themselves.
SINGLE = {"realtime.Epoch"}


def in_order(models_: list[Model]) -> Iterator[Model]:
    """Those whose rows others point to come first."""
    seen: set[Model] = set()

    def visit(model: Model) -> Iterator[Model]:
        if model in seen:
            return
        seen.add(model)
        for field in model._meta.fields:
            is_set = not field.null or _by_hand(model, 0).get(field.name) is not None
            if field.remote_field and field.related_model is not model and is_set:
                yield from visit(field.related_model)
        yield model

    for model in models_:
        yield from visit(model)


def fill(wanted: list[Model], count: int) -> None:
    """COUNT rows of each of WANTED and of what they point to, those included that there are."""
    keys: dict[Model, list[Any]] = {}
    for model in in_order(wanted):
        if model._meta.label not in SINGLE | {"contenttypes.ContentType"}:
            there = model._base_manager.count()
            rows = [model(**_values(model, number, keys)) for number in range(there, count)]
            model._base_manager.bulk_create(rows, batch_size=1_000)
        keys[model] = list(model._base_manager.order_by("pk").values_list("pk", flat=True))


def _by_hand(model: Model, number: int) -> dict[str, Any]:
    given = BY_HAND.get(model._meta.label)
    return given(number) if given is not None else {}


def _values(model: Model, number: int, keys: dict[Model, list[Any]]) -> dict[str, Any]:
    by_hand = _by_hand(model, number)
    values = {}
    for field in model._meta.fields:
        if isinstance(field, models.AutoField | models.GeneratedField):
            continue
        if field.remote_field:
            which = by_hand.get(field.name, None if field.null else number)
            there = keys.get(field.related_model, [])
            values[field.attname] = None if which is None else there[which % len(there)]
        elif field.name in by_hand:
            values[field.attname] = by_hand[field.name]
        elif not field.has_default() or field.unique:
            values[field.attname] = _value(field, number)
    return values


def _value(field: Any, number: int) -> Any:
    match field:
        case models.UUIDField():
            return uuid.UUID(int=number + 1)
        case models.DateTimeField():
            return timezone.now() + timedelta(days=1)
        case models.DateField():
            return timezone.now().date()
        case models.JSONField():
            return {}
        case models.BooleanField():
            return False
        case models.IntegerField() | models.FloatField() | models.DecimalField():
            return number
        case models.CharField() | models.TextField():
            return field.choices[0][0] if field.choices else f"{field.name} {number}"[: field.max_length or 50]
    return None


def all_models() -> list[Model]:
    return list(apps.get_models())
