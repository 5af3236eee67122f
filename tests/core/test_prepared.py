"""SQL that is compiled once gives what the queryset gives."""

from typing import Any

import pytest
from django.db import connection
from django.db.models import BigAutoField, CharField
from django.db.models.fields.json import KT, KeyTransform
from django.test.utils import CaptureQueriesContext
from pytest_django import Settings

from core.prepared import Parameter, Prepared, PreparedInstance
from recipes.models import Recipe
from tests.factories import RecipeFactory, SellerFactory

FIELDS = ("id", "name", "created_at", "avg_rating", "tag_names", "image__id", "seller__is_active")


@pytest.mark.django_db
def test_rows_are_those_of_the_queryset_whatever_the_parameters() -> None:
    seller = SellerFactory()
    recipes = [RecipeFactory(seller=seller, tag_names=[f"tag {n}", n]) for n in range(3)]
    RecipeFactory()
    rows = Recipe.objects.order_by("-id").values(*FIELDS)
    prepared = Prepared(
        rows.filter(seller=Parameter("seller", BigAutoField()), name__lt=Parameter("name", CharField()))
    )
    for who, name, limit in ((seller.pk, "z", 10), (seller.pk, "z", 2), (seller.pk, recipes[1].name, 10), (0, "z", 10)):
        with CaptureQueriesContext(connection) as queries:
            found = prepared.fetch({"seller": who, "name": name, "unused": 1}, limit=limit)
        assert found == list(rows.filter(seller=who, name__lt=name)[:limit])
        assert len(queries) == 1


@pytest.mark.django_db
def test_pages_of_all_sizes_leave_a_session_room_for_other_statements(settings: Settings) -> None:
    if connection.vendor != "postgresql":
        pytest.skip("SQLite keeps no statements for us")
    settings.PREPARED_STATEMENTS = True
    RecipeFactory.create_batch(3)
    prepared = Prepared(Recipe.objects.order_by("-id").values("id"))

    def known() -> int:
        with connection.cursor() as cursor:
            cursor.execute("SELECT count(*) FROM pg_prepared_statements WHERE name LIKE 'simmer%'")
            return int(cursor.fetchone()[0])

    before = known()
    found = [len(prepared.fetch({}, limit=limit)) for limit in range(1, 102)]
    assert found == [1, 2] + [3] * 99
    assert known() - before <= 4


@pytest.mark.django_db
def test_columns_are_converted_as_their_expressions_say() -> None:
    RecipeFactory(tag_names=["eggs"])
    rows: Any = Recipe.objects.annotate(json=KeyTransform("0", "tag_names"), text=KT("tag_names__0")).values(
        "json", "text"
    )
    assert Prepared(rows).fetch({}, limit=1) == list(rows) == [{"json": "eggs", "text": "eggs"}]


@pytest.mark.django_db
def test_a_missing_parameter_is_an_error() -> None:
    prepared = Prepared(Recipe.objects.filter(seller=Parameter("seller", BigAutoField())).values("id"))
    with pytest.raises(KeyError, match="seller"):
        prepared.fetch({}, limit=1)


@pytest.mark.django_db
def test_an_instance_comes_with_what_it_is_related_to_in_one_query() -> None:
    recipe = RecipeFactory(tag_names=["eggs"])
    recipes = Recipe.objects.select_related("seller__profile__picture", "image")
    prepared = PreparedInstance(recipes.filter(pk=Parameter("id", BigAutoField())))
    with CaptureQueriesContext(connection) as queries:
        found = prepared.fetch({"id": recipe.pk})
        assert found is not None
        assert (found.seller.profile.picture, found.image) == (None, None)
    assert len(queries) == 1
    stored = recipes.get(pk=recipe.pk)
    assert found.__dict__.keys() == stored.__dict__.keys()
    for name in ("id", "name", "created_at", "tag_names", "avg_rating", "seller_id"):
        assert getattr(found, name) == getattr(stored, name)
    assert found.seller.__dict__.keys() == stored.seller.__dict__.keys()
    assert found.seller.date_joined == stored.seller.date_joined
    assert prepared.fetch({"id": 0}) is None
