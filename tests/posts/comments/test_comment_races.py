"""Comments by many at once, and on what goes away meanwhile: exact counts, nothing half done."""

from collections.abc import Callable

import pytest

from posts.models import Comment, Post
from realtime.models import Job, StreamEvent
from tests.concurrently import at_once
from tests.factories import UserFactory
from tests.posts.reactions.conftest import comment_on, done, reply_to, stored, stored_comment
from tests.recipes.conftest import Person
from tests.relaying import relay_now

pytestmark = pytest.mark.django_db(transaction=True)


def crowd(count: int) -> list[Person]:
    return [Person(UserFactory()) for _ in range(count)]


def test_comments_and_replies_at_once_are_all_counted_and_heard_in_the_order_of_their_commits(
    ann: Person, post_id: int
) -> None:
    parent = comment_on(ann, post_id)
    paths = (f"/api/posts/{post_id}/comments/", f"/api/comments/{parent}/replies/")
    statuses = at_once(
        [
            lambda who=who, path=path: who.post(path, {"text": "Me too."}).status_code  # type: ignore[misc]
            for who in crowd(20)
            for path in paths
        ]
    )
    assert statuses == [201] * 40
    assert (stored(post_id).comment_count, stored_comment(parent).reply_count) == (41, 20)
    relay_now()
    heard = list(StreamEvent.objects.filter(channel=f"post:{post_id}").order_by("offset"))
    assert [event.offset for event in heard] == list(range(1, 42))
    assert [event.data["comment_count"] for event in heard] == list(range(1, 42))
    replies = [event.data["reply_count"] for event in heard if event.data["parent_id"]]
    assert replies == list(range(1, 21))


@pytest.mark.parametrize("what", ["post", "recipe"])
def test_a_comment_on_what_is_deleted_meanwhile_is_404_and_leaves_nothing(
    ann: Person, post_id: int, recipe_id: int, what: str
) -> None:
    address = f"/api/posts/{post_id}/" if what == "post" else f"/api/recipes/{recipe_id}/"
    about = post_id if what == "post" else done(ann.get(address))["post_id"]
    parent = comment_on(ann, about)
    paths = (f"{address}comments/", f"/api/comments/{parent}/replies/")
    calls: list[Callable[[], int]] = [
        lambda who=who, path=path: who.post(path, {"text": "Me too, @ann."}).status_code  # type: ignore[misc]
        for who in crowd(12)
        for path in paths
    ]
    calls.insert(12, lambda: ann.delete(address).status_code)
    statuses = at_once(calls)
    assert set(statuses) <= {201, 204, 404}
    assert statuses.count(204) == 1
    assert not Comment.objects.exists()
    assert not Post.objects.filter(pk=about).exists()
    created = StreamEvent.objects.filter(channel=f"post:{about}", type="comment.created").count()
    assert created == 1 + statuses.count(201)
    # ann is told of what was written, and asked for by each that was: comment or reply, and the mention.
    assert Job.objects.filter(task="posts.notify").count() <= 2 * statuses.count(201)


def test_a_comment_deleted_and_changed_and_replied_to_at_once_is_counted_exactly(
    ann: Person, bob: Person, person: Callable[..., Person], post_id: int
) -> None:
    molly = person("molly", staff_role="moderator")
    comment_id = comment_on(bob, post_id, "First.")
    reply_to(ann, comment_id)
    path = f"/api/comments/{comment_id}/"
    calls: list[Callable[[], int]] = [
        lambda: bob.delete(path).status_code,
        lambda: molly.delete(path).status_code,
        *(lambda n=n: bob.patch(path, {"text": f"No. {n}"}).status_code for n in range(4)),  # type: ignore[misc]
        *(lambda who=who: who.post(f"{path}replies/", {"text": "Yes."}).status_code for who in crowd(6)),  # type: ignore[misc]
        *(lambda who=who: who.put(f"{path}like/").status_code for who in crowd(6)),  # type: ignore[misc]
    ]
    statuses = at_once(calls)
    assert sorted(statuses[:2]) == [204, 404]
    assert set(statuses[2:]) <= {200, 201, 404}
    comment = stored_comment(comment_id)
    assert (comment.is_deleted, comment.text) == (True, "")
    replies = Comment.objects.filter(parent=comment_id).count()
    assert (comment.reply_count, stored(post_id).comment_count) == (replies, replies)
    assert replies == 1 + statuses.count(201)
    relay_now()
    last = StreamEvent.objects.filter(channel=f"post:{post_id}", type__startswith="comment.").latest("offset")
    assert last.data["comment_count"] == replies
