"""Who sees which post: over REST and on its channel alike."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import AnonymousUser
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.models import Block, Follow, Mute, User
from posts.models import Post
from posts.reads import post_read, posts_of_ids
from realtime.channels import NAMESPACES, feed_readers
from tests.factories import PostFactory, RecipeFactory, UserFactory
from tests.posts.conftest import Person

VIEWERS = (
    "author",
    "original_author",
    "follower",
    "stranger",
    "premium",
    "moderator",
    "muting",
    "blocked",
    "blocking",
    "follower_blocked_by_original",
    "blocking_original",
)


@pytest.fixture
def viewers(db: None) -> dict[str, User]:
    people: dict[str, User] = {name: UserFactory(username=name) for name in VIEWERS}
    author, original = people["author"], people["original_author"]
    for name in ("follower", "muting", "follower_blocked_by_original"):
        Follow.objects.create(follower=people[name], followee=author)
    User.objects.filter(pk=people["premium"].pk).update(premium_until=timezone.now() + timedelta(days=1))
    User.objects.filter(pk=people["moderator"].pk).update(staff_role="moderator")
    Mute.objects.create(muter=people["muting"], muted=author)
    Block.objects.create(blocker=author, blocked=people["blocked"])
    Block.objects.create(blocker=people["blocking"], blocked=author)
    Block.objects.create(blocker=original, blocked=people["follower_blocked_by_original"])
    Block.objects.create(blocker=people["blocking_original"], blocked=original)
    return {name: User.objects.get(pk=user.pk) for name, user in people.items()}


def public(people: dict[str, User]) -> Post:
    return PostFactory(author=people["author"])


def for_followers(people: dict[str, User]) -> Post:
    return PostFactory(author=people["author"], visibility="followers")


def for_premium(people: dict[str, User]) -> Post:
    return PostFactory(author=people["author"], visibility="premium")


def repost(people: dict[str, User]) -> Post:
    return PostFactory(author=people["author"], original=PostFactory(author=people["original_author"]))


def repost_whose_people_blocked_each_other(people: dict[str, User]) -> Post:
    Block.objects.create(blocker=people["author"], blocked=people["original_author"])
    return repost(people)


def repost_of_someone_gone(people: dict[str, User]) -> Post:
    User.objects.filter(pk=people["original_author"].pk).update(is_active=False)
    return repost(people)


def of_someone_gone(people: dict[str, User]) -> Post:
    User.objects.filter(pk=people["author"].pk).update(is_active=False)
    return public(people)


def scheduled(people: dict[str, User]) -> Post:
    return PostFactory(author=people["author"], status="scheduled", publish_at=timezone.now())


def announcement(people: dict[str, User]) -> Post:
    return RecipeFactory(seller=people["author"], visibility="premium").announcement


SEEN_BY: list[tuple[Callable[[dict[str, User]], Post], set[str]]] = [
    (public, {*VIEWERS, "anonymous"} - {"blocked", "blocking"}),
    (for_followers, {"author", "follower", "muting", "follower_blocked_by_original"}),
    (for_premium, {*VIEWERS, "anonymous"} - {"blocked", "blocking"}),
    (
        repost,
        {*VIEWERS, "anonymous"} - {"blocked", "blocking", "follower_blocked_by_original", "blocking_original"},
    ),
    (
        repost_whose_people_blocked_each_other,
        {"follower", "stranger", "premium", "moderator", "muting", "anonymous"},
    ),
    (repost_of_someone_gone, set()),
    (of_someone_gone, set()),
    (scheduled, set()),
    (announcement, {*VIEWERS, "anonymous"} - {"blocked", "blocking"}),
]


@pytest.mark.parametrize(("make", "expected"), SEEN_BY, ids=[make.__name__ for make, _ in SEEN_BY])
def test_rest_and_the_channel_agree_on_who_sees_a_post(viewers: dict[str, User], make: Any, expected: set[str]) -> None:
    post = make(viewers)
    everyone: dict[str, Any] = {**viewers, "anonymous": AnonymousUser()}
    by_rest = {name for name, viewer in everyone.items() if post_read(viewer, post.pk) is not None}
    listed = {name for name, viewer in everyone.items() if posts_of_ids(viewer, [post.pk])}
    assert by_rest == expected
    assert listed == expected - {"muting"}
    authorize = NAMESPACES["post"].authorize
    ids = {viewer.pk: name for name, viewer in everyone.items()}
    with CaptureQueriesContext(connection) as queries:
        readers = {ids[pk] for pk in authorize(str(post.pk), ids)}
    assert readers == expected
    assert len(queries) <= 3
    one_by_one = {name for name, viewer in everyone.items() if authorize(str(post.pk), [viewer.pk]) == {viewer.pk}}
    assert one_by_one == expected


@pytest.mark.parametrize("make", [public, for_followers, for_premium, repost, announcement])
def test_a_feed_hint_goes_to_the_followers_whose_lists_show_the_post(viewers: dict[str, User], make: Any) -> None:
    post = make(viewers)
    followers = set(Follow.objects.filter(followee=viewers["author"]).values_list("follower__username", flat=True))
    listed = {name for name, viewer in viewers.items() if name in followers and posts_of_ids(viewer, [post.pk])}
    data = {"author_id": post.author_id, "original_id": post.original_id}
    names = {viewer.pk: name for name, viewer in viewers.items()}
    with CaptureQueriesContext(connection) as queries:
        heard = feed_readers(data, set(names))
    assert {names[pk] for pk in heard} == listed
    assert len(queries) == 1


def test_the_channel_of_a_deleted_post_is_closed(ann: Person) -> None:
    post = ann.write()
    ann.delete(f"/api/posts/{post['id']}/")
    assert NAMESPACES["post"].authorize(str(post["id"]), [None, ann.user.pk]) == set()


@pytest.mark.parametrize("key", ["0{id}", "+{id}", "x", "-1", "9" * 19])
def test_a_post_has_one_channel_and_no_other_name_for_it(ann: Person, key: str) -> None:
    post = ann.write()
    assert NAMESPACES["post"].authorize(key.format(id=post["id"]), [None]) == set()


def test_a_premium_post_is_locked_for_who_lacks_premium(
    ann: Person, bob: Person, premium: Person, moderator: Person, anonymous: Person
) -> None:
    post = ann.write("Secret #lunch", visibility="premium")
    for person, locked in ((ann, False), (premium, False), (moderator, False), (bob, True), (anonymous, True)):
        for seen in (
            person.get(f"/api/posts/{post['id']}/").json(),
            person.get("/api/posts/").json()["results"][0],
            person.get("/api/users/ann/posts/").json()["results"][0],
        ):
            assert (seen["locked"], seen["text"]) == (locked, "" if locked else "Secret #lunch")
            assert (seen["visibility"], seen["tags"]) == ("premium", ["lunch"])


def test_what_one_may_not_see_one_cannot_repost_either(ann: Person, bob: Person) -> None:
    post = ann.write(visibility="followers")
    for address in (f"/api/posts/{post['id']}/", f"/api/posts/{post['id']}/repost/"):
        assert bob.delete(address).status_code == 404
    assert bob.patch(f"/api/posts/{post['id']}/").status_code == 404
    assert bob.put(f"/api/posts/{post['id']}/repost/").status_code == 404


@pytest.mark.parametrize("post_id", [0, 10**18, 10**30])
def test_a_post_that_never_was_is_not_found(ann: Person, post_id: int) -> None:
    for method in (ann.get, ann.patch, ann.delete):
        assert method(f"/api/posts/{post_id}/").status_code == 404
