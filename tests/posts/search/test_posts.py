"""Finding posts by words: /api/search/?type=posts and /api/posts/?q=."""

from datetime import timedelta
from typing import Any
from urllib.parse import urlencode

from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from posts.models import Post
from tests.posts.conftest import Person


def found(person: Person, q: str, **params: Any) -> list[int]:
    """The ids of what /api/posts/ finds, which is what /api/search/ finds when nothing narrows it."""
    ids = person.listed("/api/posts/?" + urlencode({"q": q, **params}))
    if not params:
        assert person.listed("/api/search/?" + urlencode({"q": q, "type": "posts"})) == ids
    return ids


def test_posts_are_found_by_their_words_and_hashtags(ann: Person, anonymous: Person) -> None:
    cake = ann.write("Baked cakes for everyone! #Crème")["id"]
    ann.write("Nothing but bread.")
    for q in ("cake", "CAKES", "bak", "creme", "#crème", '"cakes for"', "cake -bread"):
        assert found(anonymous, q) == [cake], q
    assert found(anonymous, "pancake") == []
    shape = anonymous.get("/api/search/?q=cake&type=posts").json()["results"][0]
    assert shape == anonymous.get(f"/api/posts/{cake}/").json()


def test_recipes_are_found_as_recipes_and_not_as_their_announcements(sally: Person, anonymous: Person) -> None:
    recipe = sally.create(name="Goulash")
    assert found(anonymous, "goulash") == []
    assert anonymous.listed("/api/search/?q=goulash") == [recipe["id"]]


def test_what_followers_alone_may_read_they_alone_find(
    ann: Person, bob: Person, carl: Person, anonymous: Person
) -> None:
    bob.follow(ann)
    secret = ann.write("Truffles under the oak.", visibility="followers")["id"]
    assert found(ann, "truffles") == found(bob, "truffles") == [secret]
    assert found(carl, "truffles") == found(anonymous, "truffles") == []


def test_what_a_premium_post_says_is_found_by_nobody(ann: Person, premium: Person, anonymous: Person) -> None:
    post = ann.write("Truffles under the oak.", visibility="premium")["id"]
    for reader in (ann, premium, anonymous):
        assert found(reader, "truffles") == []
    ann.patch(f"/api/posts/{post}/", {"visibility": "public"})
    assert found(anonymous, "truffles") == [post]
    ann.patch(f"/api/posts/{post}/", {"visibility": "premium"})
    assert found(anonymous, "truffles") == []


def test_a_scheduled_post_is_not_found_before_its_time(ann: Person, anonymous: Person) -> None:
    later = (timezone.now() + timedelta(hours=1)).isoformat()
    post = ann.write("Truffles under the oak.", publish_at=later)["id"]
    assert found(ann, "truffles") == found(anonymous, "truffles") == []
    assert ann.patch(f"/api/scheduled-posts/{post}/", {"publish_at": None}).status_code == 200
    assert found(anonymous, "truffles") == [post]


def test_search_keeps_up_with_edits_and_deletions(ann: Person, anonymous: Person) -> None:
    post = ann.write("Porridge again.")["id"]
    ann.patch(f"/api/posts/{post}/", {"text": "Muesli for once."})
    assert (found(anonymous, "porridge"), found(anonymous, "muesli")) == ([], [post])
    ann.delete(f"/api/posts/{post}/")
    assert found(anonymous, "muesli") == []


def test_posts_of_the_blocked_and_the_muted_are_not_found(ann: Person, bob: Person, carl: Person) -> None:
    post = ann.write("Goulash tonight.")["id"]
    bob.mute(ann)
    ann.block(carl)
    assert found(bob, "goulash") == found(carl, "goulash") == []
    bob.delete("/api/users/ann/mute/")
    assert found(bob, "goulash") == [post]


def test_a_search_of_posts_is_narrowed_as_their_list_is(ann: Person, bob: Person, anonymous: Person) -> None:
    first = ann.write("Soup with #leeks")["id"]
    second = ann.write("Soup without")["id"]
    third = bob.write("Soup with #leeks as well")["id"]
    bob.write("Bread with #leeks")
    assert set(found(anonymous, "soup")) == {first, second, third}
    assert set(found(anonymous, "soup", author="ANN")) == {first, second}
    assert set(found(anonymous, "soup", author=str(ann.user.pk))) == {first, second}
    assert set(found(anonymous, "soup", tag="#Leeks")) == {first, third}
    assert found(anonymous, "soup", tag="leeks", author="bob") == [third]
    assert set(anonymous.listed("/api/users/ann/posts/?q=soup")) == {first, second}
    assert set(anonymous.listed("/api/tags/leeks/posts/?q=soup")) == {first, third}


def test_newer_and_liked_posts_come_before_others_that_match_alike(ann: Person, bob: Person, anonymous: Person) -> None:
    old, liked, new = (ann.write(f"Soup of day {number}")["id"] for number in range(3))
    now = timezone.now()
    Post.objects.filter(pk=old).update(published_at=now - timedelta(days=60))
    Post.objects.filter(pk__in=[liked, new]).update(published_at=now)
    bob.put(f"/api/posts/{liked}/like/")
    assert found(anonymous, "soup") == [liked, new, old]


def test_a_search_of_posts_costs_the_same_queries_for_5_and_50(ann: Person, bob: Person) -> None:
    counts = []
    for more in (5, 45):
        for number in range(more):
            ann.write(f"Soup {number}")
        with CaptureQueriesContext(connection) as queries:
            ids = bob.listed("/api/search/?q=soup&type=posts&limit=100")
        assert len(ids) == sum((5, 45)[: len(counts) + 1])
        counts.append(len(queries))
    # Who asks, the matches, the page.
    assert counts == [3, 3]


def test_people_are_found_by_their_names_and_not_by_whom_they_have_blocked(
    ann: Person, bob: Person, carl: Person, anonymous: Person
) -> None:
    carl.user.display_name = "Anna Karl"
    carl.user.save()
    assert set(anonymous.listed("/api/search/?q=ann&type=users")) == {ann.user.pk, carl.user.pk}
    assert anonymous.listed("/api/search/?q=%40bo&type=users") == [bob.user.pk]
    ann.block(bob)
    assert bob.listed("/api/search/?q=ann&type=users") == [carl.user.pk]
    assert anonymous.listed("/api/search/?q=bob&type=users") == anonymous.listed("/api/users/?q=bob")
