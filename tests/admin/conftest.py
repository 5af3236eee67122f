"""Staff in the admin, and its models."""

from typing import Any
from urllib.parse import urlencode

import pytest
from django.contrib import admin
from django.test import Client

from accounts.models import User
from tests.factories import UserFactory

REGISTERED = sorted(admin.site._registry, key=lambda model: model._meta.label)
LABELS = [model._meta.label for model in REGISTERED]


@pytest.fixture
def root(db: None) -> User:
    return UserFactory(username="root", is_staff=True, is_superuser=True)


@pytest.fixture
def staff(root: User) -> Client:
    client = Client()
    client.force_login(root)
    return client


def list_of(model: Any) -> str:
    return f"/admin/{model._meta.app_label}/{model._meta.model_name}/"


def addresses_of(staff: Client, model: Any) -> list[str]:
    """The queries of the list: plain, each choice of each filter, each column to sort by, and one for each finder."""
    page = staff.get(list_of(model))
    assert page.status_code == 200, model
    changes: Any = page.context["cl"]
    queries = ["?"]
    for spec in changes.filter_specs:
        queries += [choice["query_string"] for choice in spec.choices(changes)]
    sortable = changes.sortable_by if changes.sortable_by is not None else changes.list_display
    queries += [f"?o={changes.list_display.index(name)}" for name in sortable if name in changes.list_display]
    model_admin = admin.site._registry[model]
    for finder in getattr(model_admin, "finders", ()):
        queries.append("?" + urlencode({"q": sample_of(finder, model)}))
    if changes.search_fields and not hasattr(model_admin, "finders"):
        queries.append("?q=row")
    return queries


def sample_of(finder: Any, model: Any) -> str:
    """What somebody types who looks for the first row, or for somebody's."""
    row = model._base_manager.order_by("pk").first()
    match type(finder).__name__:
        case "Key":
            field = model._meta.get_field(finder.field) if finder.field else model._meta.pk
            value = getattr(row, field.attname) or 1
            return f"{finder.field}:{value}" if finder.field else str(value)
        case "Person":
            return "@row1"
    return "dinner"
