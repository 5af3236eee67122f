"""Lists that are not counted: page numbers for the first rows, and a link by key to what comes after."""

from typing import Any

import pytest
from django.test import Client

from core.large_tables import FirstRows
from posts.models import Post
from tests.admin.conftest import list_of
from tests.admin.rows import fill
from tests.factories import PostFactory, RecipeFactory, UserFactory

LIST = list_of(Post)


def shown(staff: Client, query: str = "") -> list[int]:
    answer = staff.get(LIST + query)
    assert answer.status_code == 200
    return [post.pk for post in answer.context["cl"].result_list]


def test_all_rows_are_reached_in_order_and_once(staff: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(FirstRows, "most", 120)
    fill([Post], 300)
    seen: list[int] = []
    query = ""
    while True:
        changes: Any = staff.get(LIST + query).context["cl"]
        for page in changes.paginator.page_range:
            number = f"{query or '?'}&p={page}"
            seen += shown(staff, number)
        last: Any = staff.get(f"{LIST}{query or '?'}&p={changes.paginator.num_pages}").context["cl"]
        if not last.is_cut_off:
            break
        assert f'href="{last.beyond}"' in staff.get(f"{LIST}{query or '?'}&p={changes.paginator.num_pages}").text
        query = last.beyond
    assert seen == list(Post.objects.order_by("-pk").values_list("pk", flat=True))


def test_a_page_that_there_is_not_leads_to_the_first(staff: Client) -> None:
    fill([Post], 5)
    for query in ("?p=9", "?p=-1", "?p=x", "?o=99", "?o=x", "?o=4"):
        answer = staff.get(LIST + query, follow=True)
        assert answer.status_code == 200 and len(answer.context["cl"].result_list) == 5


def test_the_search_finds_by_what_its_help_says(staff: Client) -> None:
    ann = UserFactory(username="Ann", email="ann@example.com")
    soup, cake = PostFactory(author=ann, text="Leek soup"), PostFactory(text="Lemon cake")
    cooked = PostFactory(recipe=RecipeFactory())
    PostFactory(original=soup)
    for text, found in {
        str(soup.pk): [soup],
        "@ann": [soup],
        "@ANN": [soup],
        "ANN@example.com": [soup],
        "@nobody": [],
        "lemon": [cake],
        "lemon cakes": [cake],
        f"recipe:{cooked.recipe_id}": [cooked],
        "recipe:x": [],
        "9" * 30: [],
        "-": [],
        " ": None,
        "%": [],
        "\x00": [],
    }.items():
        if found is not None:
            answer = staff.get(LIST, {"q": text}, follow=True)
            if "\x00" in text:  # no address holds one (core/security.py)
                assert answer.status_code == 400
                continue
            assert [post.pk for post in answer.context["cl"].result_list] == [post.pk for post in found], text
    assert "an id, or recipe:17, or original:17, or @username or an e-mail, or words" in staff.get(LIST).text


def test_a_filter_with_one_choice_shows_those(staff: Client) -> None:
    fill([Post], 3)
    waits = PostFactory(status=Post.Status.SCHEDULED, publish_at="2099-01-01T00:00:00Z")
    assert shown(staff, "?only_scheduled=yes") == [waits.pk]
    assert len(shown(staff)) == 4
