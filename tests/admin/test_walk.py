"""Every model has its pages in the admin: they open, and cost the same for five rows as for fifty."""

from typing import Any

import pytest
from django.contrib import admin
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from tests.admin.conftest import LABELS, REGISTERED, addresses_of, list_of
from tests.admin.rows import all_models, fill

# Those that are seen and changed on the pages of others, or by nobody.
NOT_THERE = {
    "auth.Permission": "chosen on the pages of groups and people",
    "contenttypes.ContentType": "Django's names of models",
    "sessions.Session": "its keys open the admin: nobody reads them",
    "django_celery_beat.PeriodicTasks": "when a schedule was last changed, for beat alone",
}


def test_every_model_is_there() -> None:
    missing = {model._meta.label for model in all_models()} - set(LABELS)
    assert missing == set(NOT_THERE)


def cost(staff: Client, address: str) -> int:
    with CaptureQueriesContext(
        connection,
    ) as queries:
        answer = staff.get(address)
    assert answer.status_code == 200, address
    return len(queries)


@pytest.mark.parametrize("model", REGISTERED, ids=LABELS)
def test_its_list_filters_and_search_cost_the_same_for_five_rows_and_for_fifty(staff: Client, model: Any) -> None:
    fill([model], 5)
    few = {query: cost(staff, list_of(model) + query) for query in addresses_of(staff, model)}
    fill([model], 50)
    many = {query: cost(staff, list_of(model) + query) for query in few}
    assert many == few
    assert max(many.values()) <= 10


@pytest.mark.parametrize("model", REGISTERED, ids=LABELS)
def test_its_pages_cost_the_same_for_five_rows_and_for_fifty(staff: Client, model: Any) -> None:
    fill([model], 5)
    pages(staff, model)  # what is read once and kept is read now
    few = pages(staff, model)
    fill([model], 50)
    assert pages(staff, model) == few
    assert max(few) <= 25


def pages(staff: Client, model: Any) -> list[int]:
    """What adding one and looking at one cost, as far as there are such pages."""
    row = model._base_manager.order_by("pk").first()
    model_admin = admin.site._registry[model]
    request: Any = staff.get(list_of(model)).wsgi_request
    costs = [cost(staff, f"{list_of(model)}{row.pk}/change/")]
    if model_admin.has_add_permission(request):
        costs.append(cost(staff, f"{list_of(model)}add/"))
    if model_admin.has_delete_permission(request, row):
        costs.append(cost(staff, f"{list_of(model)}{row.pk}/delete/"))
    return costs
