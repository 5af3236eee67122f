"""Lists of posts: their order, what narrows them, their pages and what they cost."""

from collections.abc import Callable

import pytest
from django.core.cache import cache
from django.db import connection
from django.test.utils import CaptureQueriesContext

from media_pipeline.models import Media
from posts.models import PostMedia
from posts.reads import posts_of_ids
from tests.factories import PostFactory, RecipeFactory
from tests.posts.conftest import Person


def test_the_newest_comes_first_and_pages_are_read_by_cursor(ann: Person, bob: Person) -> None:
    ids = [ann.write()["id"] for _ in range(5)]
    first = bob.get("/api/posts/?limit=2").json()
    new = ann.write()["id"]
    second = bob.get(first["next"]).json()
    third = bob.get(second["next"]).json()
    pages = [[row["id"] for row in page["results"]] for page in (first, second, third)]
    assert pages == [[ids[4], ids[3]], [ids[2], ids[1]], [ids[0]]]
    assert third["next"] is None
    assert [row["id"] for row in bob.get(second["previous"]).json()["results"]] == pages[0]
    assert bob.listed()[0] == new


def test_a_list_is_narrowed_by_author_and_tag(ann: Person, bob: Person) -> None:
    one = ann.write("#Soup")["id"]
    two = ann.write("#soup #Crème")["id"]
    three = bob.write("#creme #soup")["id"]
    assert bob.listed("/api/posts/?author=ANN") == [two, one]
    assert bob.listed(f"/api/posts/?author={ann.user.pk}") == [two, one]
    assert bob.listed("/api/posts/?tag=SOUP") == [three, two, one]
    assert bob.listed("/api/posts/?tag=%23soup&author=ann") == [two, one]
    assert bob.listed("/api/posts/?tag=cr%C3%A8me") == bob.listed("/api/posts/?tag=cre%CC%80me") == [two]
    assert bob.listed("/api/posts/?tag=creme") == [three]
    assert bob.listed("/api/posts/?author=nobody") == bob.listed("/api/posts/?tag=none") == []
    assert bob.listed("/api/users/Ann/posts/?tag=cr%C3%A8me") == [two]
    assert bob.listed("/api/users/bob/posts/?author=ann") == []
    assert bob.listed("/api/users/bob/posts/") == [three]


def test_a_tags_pages_do_not_shift(ann: Person) -> None:
    ids = [ann.write(f"#soup {number}")["id"] for number in range(5)]
    page = ann.get("/api/posts/?tag=soup&limit=2").json()
    ann.write("#soup")
    seen = [row["id"] for row in page["results"]]
    while page["next"]:
        page = ann.get(page["next"]).json()
        seen += [row["id"] for row in page["results"]]
    assert seen == ids[::-1]


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("limit=-1", "limit"),
        ("limit=1000000000", "limit"),
        ("cursor=x", "cursor"),
    ],
)
def test_a_parameter_that_means_nothing_is_named(anonymous: Person, query: str, field: str) -> None:
    response = anonymous.get(f"/api/posts/?{query}")
    assert (response.status_code, list(response.json()["errors"])) == (400, [field])


@pytest.mark.parametrize("query", ["author=%00", "tag=a%00"])
def test_no_author_and_no_tag_has_a_nul(anonymous: Person, query: str) -> None:
    assert anonymous.get(f"/api/posts/?{query}").status_code == 400


def test_a_cursor_that_was_tampered_with_is_refused(ann: Person) -> None:
    for _ in range(3):
        ann.write()
    following = ann.get("/api/posts/?limit=1").json()["next"]
    assert ann.get(following[:-1] + ("a" if following[-1] != "a" else "b")).status_code == 400
    # Another list's.
    assert ann.get(following.replace("/posts/?", "/posts/?tag=x&")).status_code == 400


def test_a_persons_posts_tell_the_position_of_their_channel(ann: Person, bob: Person) -> None:
    post = ann.write()
    response = bob.get("/api/users/ann/posts/")
    assert response["Stream-Position"].startswith(f"user:{ann.user.pk};")
    assert bob.get("/api/users/ann/posts/", headers={"If-None-Match": response["ETag"]}).status_code == 304
    assert [row["id"] for row in response.json()["results"]] == [post["id"]]
    assert bob.get("/api/users/nobody/posts/").status_code == 404


def test_lists_leave_out_blocked_and_muted_people_and_their_reposted_words(
    ann: Person, bob: Person, carl: Person
) -> None:
    post = ann.write("#soup")
    carl.repost(post["id"])
    assert len(bob.listed()) == 2
    bob.mute(ann)
    for path in ("/api/posts/", "/api/posts/?tag=soup", "/api/users/carl/posts/"):
        assert bob.listed(path) == [], path
    assert bob.get(f"/api/posts/{post['id']}/").status_code == 200
    ann.block(bob)
    for one, other in ((ann, bob), (bob, ann)):
        other.write("#soup")
        assert all(row["author"]["id"] != other.user.pk for row in one.get("/api/posts/").json()["results"])
        assert one.get(f"/api/users/{other.user.username}/posts/?limit=5").json().get("results", []) == []


def test_the_posts_of_a_muted_person_are_in_their_own_lists_alone(ann: Person, bob: Person) -> None:
    post = ann.write("#soup")["id"]
    bob.mute(ann)
    for path in ("/api/posts/", "/api/posts/?tag=soup", "/api/tags/soup/posts/"):
        assert bob.listed(path) == [], path
    for path in ("/api/users/ann/posts/", "/api/posts/?author=ann", f"/api/posts/?author={ann.user.pk}&tag=soup"):
        assert bob.listed(path) == [post], path


def test_posts_of_ids_come_in_the_order_of_the_ids(ann: Person, bob: Person) -> None:
    one, two = ann.write()["id"], ann.write()["id"]
    hidden = ann.write(visibility="followers")["id"]
    with CaptureQueriesContext(connection) as queries:
        found = posts_of_ids(bob.user, [two, hidden, 10**18, one])
    assert [post["id"] for post in found] == [two, one]
    assert len(queries) == 1
    with CaptureQueriesContext(connection) as queries:
        assert posts_of_ids(bob.user, []) == []
    assert len(queries) == 0


def fill(author: Person, count: int) -> None:
    """Posts of every kind, with pictures, recipes and tags, COUNT in all; some are reposts of somebody else's."""
    recipe = RecipeFactory()
    original = PostFactory(recipe=recipe, text="Soup", tag_names=["soup"])
    for number in range(count):
        if number % 5 == 4:
            # Everyone reposts a post once.
            PostFactory(author=author.user, original=PostFactory(author=original.author, recipe=recipe))
            continue
        post = PostFactory(author=author.user, recipe=recipe, tag_names=["soup", "hot"])
        for position in range(2):
            media = Media.objects.create(owner=author.user, original=f"{post.pk}-{position}")
            PostMedia.objects.create(post=post, media=media, position=position)


@pytest.mark.parametrize("path", ["/api/posts/", "/api/posts/?tag=soup&author=ann", "/api/users/ann/posts/"])
@pytest.mark.parametrize("who", ["anonymous", "bob"])
def test_a_list_costs_the_same_queries_for_5_and_50_posts(
    ann: Person, path: str, who: str, request: pytest.FixtureRequest
) -> None:
    viewer: Person = request.getfixturevalue(who)
    counts, sizes = [], []
    for more in (5, 45):
        fill(ann, more)
        cache.clear()
        with CaptureQueriesContext(connection) as queries:
            sizes.append(len(viewer.listed(f"{path}{'&' if '?' in path else '?'}limit=100")))
        counts.append(len(queries))
    assert sizes[1] > 35 > sizes[0]
    # Who asks; whose posts, and the stream's position (/users/); the page.
    assert counts == [1 + (who == "bob") + 2 * ("/users/" in path)] * 2


@pytest.mark.parametrize("who", ["anonymous", "bob"])
def test_a_post_costs_at_most_three_queries(ann: Person, who: str, request: pytest.FixtureRequest) -> None:
    fill(ann, 5)
    viewer: Person = request.getfixturevalue(who)
    for post_id in viewer.listed():
        with CaptureQueriesContext(connection) as queries:
            assert viewer.get(f"/api/posts/{post_id}/").status_code == 200
        assert len(queries) == 2 + (who == "bob")


def test_the_viewers_own_doings_are_shown_to_nobody_else(
    ann: Person, bob: Person, person: Callable[..., Person]
) -> None:
    post = ann.write()
    for deed in ("like", "save", "repost"):
        bob.put(f"/api/posts/{post['id']}/{deed}/")
    doings = ("is_liked", "is_disliked", "is_saved", "is_reposted")
    for viewer, expected in ((bob, (True, False, True, True)), (ann, (False,) * 4), (person("eve"), (False,) * 4)):
        seen = viewer.get(f"/api/posts/{post['id']}/").json()
        assert tuple(seen[name] for name in doings) == expected
        assert (seen["like_count"], seen["save_count"], seen["repost_count"]) == (1, 1, 1)
