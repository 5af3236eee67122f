"""Cursor pages: every row once, in both directions, whatever ties there are and whatever arrives meanwhile."""

from itertools import chain
from typing import Any

import pytest
from django.core.exceptions import ImproperlyConfigured
from django.db.models import QuerySet
from django.db.models.functions import Length
from pytest_django import DjangoAssertNumQueries
from rest_framework.request import Request
from rest_framework.test import APIRequestFactory

from accounts.models import User
from core.errors import Invalid
from core.pages import CursorPages
from recipes.models import Recipe
from tests.factories import RecipeFactory, UserFactory

pytestmark = pytest.mark.django_db


def read(
    url: str = "/people/?limit=4", *, order: tuple[str, ...] = ("-id",), queryset: QuerySet[User, Any] | None = None
) -> Any:
    request = Request(APIRequestFactory().get(url))
    found = User.objects.all() if queryset is None else queryset

    def shape(rows: list[Any]) -> list[Any]:
        return [row["id"] if isinstance(row, dict) else row.pk for row in rows]

    return CursorPages[User](order=order).respond(request, found, shape)


def walk(url: str, direction: str, **kwargs: Any) -> list[list[int]]:
    pages = []
    following: str | None = url
    while following is not None:
        body = read(following, **kwargs).data
        pages.append(body["results"])
        following = body[direction]
    return pages


def last_page(**kwargs: Any) -> tuple[str, Any]:
    url = "/people/?limit=4"
    while (following := read(url, **kwargs).data["next"]) is not None:
        url = following
    return url, read(url, **kwargs).data


@pytest.fixture
def people() -> list[User]:
    """Ten people of three first names."""
    return [
        UserFactory(first_name="abc"[number % 3], username="u" * (1 + number % 4) + str(number)) for number in range(10)
    ]


ORDERS: list[Any] = [
    ("-id",),
    ("id",),
    ("-date_joined", "-id"),
    ("first_name", "-id"),
    ("-first_name", "id"),
    ("-first_name", "date_joined", "id"),
]


@pytest.mark.parametrize("order", ORDERS, ids=",".join)
def test_each_row_comes_once_in_order_and_back_again(people: list[User], order: tuple[str, ...]) -> None:
    expected = list(User.objects.order_by(*order).values_list("pk", flat=True))
    forwards = walk("/people/?limit=4", "next", order=order)
    assert [len(page) for page in forwards] == [4, 4, 2]
    assert list(chain(*forwards)) == expected
    url, last = last_page(order=order)
    backwards = walk(url, "previous", order=order)
    assert backwards[0] == last["results"]
    assert list(chain(*reversed(backwards))) == expected


def test_rows_may_be_dictionaries_ordered_by_an_annotation(people: list[User]) -> None:
    queryset = User.objects.annotate(length=Length("username")).values("id", "length")
    kwargs: Any = {"order": ("length", "-id"), "queryset": queryset}
    expected = [row["id"] for row in queryset.order_by("length", "-id")]
    assert list(chain(*walk("/people/?limit=3", "next", **kwargs))) == expected


def test_an_order_may_go_through_what_rows_refer_to() -> None:
    recipes = [RecipeFactory(seller__username=name) for name in "bca"] + [RecipeFactory() for _ in range(3)]
    queryset: Any = Recipe.objects.values("id", "seller__username")
    kwargs: Any = {"order": ("-seller__username", "id"), "queryset": queryset}
    found = list(chain(*walk("/recipes/?limit=2", "next", **kwargs)))
    assert found == list(queryset.order_by("-seller__username", "id").values_list("id", flat=True))
    assert len(found) == len(recipes)


def test_the_first_page_has_no_previous_and_the_last_no_next(people: list[User]) -> None:
    first = read().data
    assert first["previous"] is None and first["next"] is not None
    _, last = last_page()
    assert last["next"] is None and last["previous"] is not None
    whole = read("/people/?limit=10").data
    assert whole["next"] is None and whole["previous"] is None and len(whole["results"]) == 10


def test_an_empty_list_is_a_page() -> None:
    assert read().data == {"results": [], "next": None, "previous": None}


def test_rows_that_arrive_meanwhile_shift_nothing(people: list[User]) -> None:
    first = read().data
    UserFactory.create_batch(3)
    assert read(first["next"]).data["results"] == [person.pk for person in reversed(people[2:6])]


def test_a_row_that_goes_takes_no_other_along(people: list[User]) -> None:
    first = read().data
    User.objects.filter(pk=first["results"][-1]).delete()
    assert read(first["next"]).data["results"] == [person.pk for person in reversed(people[2:6])]


def test_going_back_to_what_is_gone_leads_to_the_beginning(people: list[User]) -> None:
    second = read(read().data["next"]).data
    User.objects.filter(pk__gt=second["results"][0]).delete()
    gone = read(second["previous"]).data
    assert gone["results"] == [] and gone["previous"] is None
    assert read(gone["next"]).data["results"] == second["results"]


def test_links_are_in_the_header_too(people: list[User]) -> None:
    second = read(read().data["next"])
    assert second["Link"] == f'<{second.data["next"]}>; rel="next", <{second.data["previous"]}>; rel="prev"'
    assert "Link" not in read("/people/?limit=10")


def test_links_keep_the_filters_and_name_the_host(people: list[User]) -> None:
    following = read("/people/?limit=4&tag=caf%C3%A9&tag=b").data["next"]
    assert following.startswith("http://testserver/people/?limit=4&tag=caf%C3%A9&tag=b&cursor=")


def test_the_same_page_has_the_same_links(people: list[User]) -> None:
    assert read().data == read().data


def test_a_page_is_one_query_however_long(
    people: list[User], django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    for limit in (1, 4, 100):
        with django_assert_num_queries(1):
            read(f"/people/?limit={limit}")


@pytest.mark.parametrize("limit", ["0", "-1", "101", "1000000000", "1e1", "4.5", "", "x", "%D9%A1", "+5", "9" * 5000])
def test_a_limit_out_of_range_is_refused(limit: str) -> None:
    with pytest.raises(Invalid) as refused:
        read(f"/people/?limit={limit}")
    assert "limit" in refused.value.errors


def test_the_limit_is_twenty_unless_said() -> None:
    UserFactory.create_batch(21)
    assert len(read("/people/").data["results"]) == 20


def tampered(cursor: str) -> list[str]:
    value, _, signature = cursor.rpartition(":")
    return [
        "",
        "x",
        ":",
        "%00",
        "é",
        value,
        f"{value}:",
        f"{value}x:{signature}",
        f"{value}:{signature}x",
        cursor * 100,
    ]


def test_a_cursor_that_was_not_given_is_refused(people: list[User]) -> None:
    given = read().data["next"].partition("cursor=")[2].replace("%3A", ":")
    for cursor in tampered(given):
        with pytest.raises(Invalid) as refused:
            read(f"/people/?limit=4&cursor={cursor}")
        assert refused.value.code == "invalid_cursor"


def test_a_cursor_of_another_order_is_refused(people: list[User]) -> None:
    given = read(order=("first_name", "id")).data["next"]
    with pytest.raises(Invalid):
        read(given)


def test_an_order_that_may_be_null_is_refused_while_developing() -> None:
    with pytest.raises(ImproperlyConfigured, match="null"):
        read(order=("-last_login", "-id"))
