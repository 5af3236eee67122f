"""Tags: which trend, and what is posted under one."""

from datetime import timedelta
from urllib.parse import quote

from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from posts.models import Post, PostTag
from posts.tasks import update_trends
from tests.posts.conftest import Person


def aged(post_id: int, **age: int) -> None:
    published_at = timezone.now() - timedelta(**age)
    Post.objects.filter(pk=post_id).update(published_at=published_at)
    PostTag.objects.filter(post=post_id).update(published_at=published_at)


def tags(person: Person, query: str = "") -> list[tuple[str, int]]:
    """(name, posts) of the first page."""
    response = person.get(f"/api/tags/{query}")
    assert response.status_code == 200, response.content
    return [(tag["name"], tag["post_count"]) for tag in response.json()["results"]]


def test_tags_trend_by_their_use_of_this_week_newer_ones_before_older(
    ann: Person, sally: Person, anonymous: Person
) -> None:
    for number in range(3):
        aged(ann.write(f"Number {number} #old")["id"], days=3)
    ann.write("Now #new")
    aged(ann.write("Gone #gone")["id"], days=8)
    sally.create(name="Soup", tags=["new"])
    assert tags(anonymous) == []
    update_trends()
    assert tags(anonymous) == [("new", 2), ("old", 3)]
    Post.objects.filter(kind="status", tag_names=["new"]).delete()
    aged(Post.objects.get(kind="recipe").pk, days=5)
    update_trends()
    assert tags(anonymous) == [("old", 3), ("new", 1)]


def test_what_only_followers_may_read_makes_no_trend(ann: Person, anonymous: Person) -> None:
    ann.write("Secret #party", visibility="followers")
    ann.write("For some #caviar", visibility="premium")
    update_trends()
    assert tags(anonymous) == [("caviar", 1)]


def test_tags_are_found_by_their_beginning_in_any_case_the_trending_ones_first(ann: Person, anonymous: Person) -> None:
    for text in ("#crab", "#crème", "#crème again", "#bread"):
        ann.write(f"On {text}")
    aged(ann.write("#cracker")["id"], days=9)
    update_trends()
    assert tags(anonymous, "?q=" + quote("#CR")) == [("crème", 2), ("crab", 1), ("cracker", 0)]
    assert tags(anonymous, "?q=" + quote("CRÈ")) == [("crème", 2)]
    assert tags(anonymous, "?q=%25") == tags(anonymous, "?q=_") == []
    assert anonymous.get("/api/tags/?q=" + "a" * 51).status_code == 400


def test_pages_of_tags_show_each_once(ann: Person, anonymous: Person) -> None:
    names = [f"tag{letter}" for letter in "abcdefg"]
    ann.write(" ".join(f"#{name}" for name in names))
    update_trends()
    for query in ("", "q=tag&"):
        seen = []
        url = f"/api/tags/?{query}limit=3"
        while url:
            page = anonymous.get(url).json()
            seen += [tag["name"] for tag in page["results"]]
            url = page["next"]
        assert sorted(seen) == names, query


def test_a_tags_posts_and_recipes_are_listed_newest_first(ann: Person, sally: Person, anonymous: Person) -> None:
    first = ann.write("Sweet #Crème")["id"]
    recipe = sally.create(name="Pudding", tags=["crème"])
    ann.write("Nothing here")
    last = ann.write("Again #crème")["id"]
    expected = [last, recipe["post_id"], first]
    for tag in ("crème", "CRÈME", "#Crème", "cre\u0300me"):
        assert anonymous.listed(f"/api/tags/{quote(tag)}/posts/") == expected, tag
    page = anonymous.get(f"/api/tags/{quote('crème')}/posts/?limit=2").json()
    assert anonymous.listed(page["next"]) == [first]


def test_of_an_unknown_tag_there_are_no_posts(ann: Person, anonymous: Person) -> None:
    ann.write("Nothing here")
    for tag in ("unknown", "a" * 200, "a/b", "%23", "%27"):
        assert anonymous.listed(f"/api/tags/{tag}/posts/") == [], tag


def test_a_tags_posts_are_those_that_the_viewer_may_see(ann: Person, bob: Person, carl: Person) -> None:
    secret = ann.write("For friends #soup", visibility="followers")["id"]
    shown = ann.write("For all #soup")["id"]
    bob.follow(ann)
    assert bob.listed("/api/tags/soup/posts/") == [shown, secret]
    assert carl.listed("/api/tags/soup/posts/") == [shown]
    carl.mute(ann)
    assert carl.listed("/api/tags/soup/posts/") == []


def test_tags_and_their_posts_cost_the_same_queries_for_5_and_50(ann: Person, bob: Person) -> None:
    counts: dict[str, list[int]] = {"/api/tags/": [], "/api/tags/?q=t": [], "/api/tags/tag/posts/": []}
    for numbers in (range(5), range(5, 50)):
        for number in numbers:
            ann.write(f"#tag #t{number}")
        update_trends()
        for path, seen in counts.items():
            with CaptureQueriesContext(connection) as queries:
                assert len(bob.get(f"{path}{'&' if '?' in path else '?'}limit=100").json()["results"]) >= numbers.stop
            seen.append(len(queries))
    # Who asks, the page.
    assert all(seen == [2, 2] for seen in counts.values()), counts
