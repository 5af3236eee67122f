"""The nightly proof of the counters."""

import pytest

from accounts.models import Profile
from posts import tasks  # noqa: F401  (registers the task)
from posts.models import Comment, Post
from posts.reconciling import reconcile_counters
from tests.factories import PostFactory
from tests.posts.reactions.conftest import comment_on, done, reply_to, stored
from tests.recipes.conftest import Person
from tests.ticks import tick

OF_POSTS = ("like_count", "dislike_count", "comment_count", "repost_count", "save_count")
OF_COMMENTS = ("like_count", "dislike_count", "reply_count")
OF_PEOPLE = ("post_count", "recipe_count", "follower_count", "following_count")


def reconcile() -> None:
    tick("posts.reconcile_counters")


def counters() -> list[object]:
    return [
        *Post.objects.order_by("pk").values_list("pk", *OF_POSTS),
        *Comment.objects.order_by("pk").values_list("pk", *OF_COMMENTS),
        *Profile.objects.order_by("pk").values_list("pk", *OF_PEOPLE),
    ]


@pytest.fixture
def busy(ann: Person, bob: Person, eve: Person, post_id: int, recipe_id: int) -> int:
    """A comment in a network in which something of every kind has happened, and been taken back."""
    comment_id = comment_on(bob, post_id)
    deleted = reply_to(eve, comment_id)
    reply_to(ann, comment_id)
    done(eve.delete(f"/api/comments/{deleted}/"))
    for address in (f"posts/{post_id}", f"comments/{comment_id}"):
        done(bob.put(f"/api/{address}/like/"))
        done(eve.put(f"/api/{address}/like/"))
        done(eve.put(f"/api/{address}/dislike/"))
    done(bob.put(f"/api/recipes/{recipe_id}/save/"))
    done(bob.put(f"/api/posts/{post_id}/save/"))
    done(bob.delete(f"/api/posts/{post_id}/save/"))
    done(bob.put(f"/api/posts/{post_id}/repost/"))
    done(bob.put("/api/users/ann/follow/"))
    done(eve.put("/api/users/bob/follow/"))
    done(bob.post("/api/posts/", {"text": "Mine."}))
    PostFactory(author=bob.user, status="scheduled", publish_at="2099-01-01T00:00:00Z")
    return comment_id


def test_what_is_right_is_left_alone(busy: int, caplog: pytest.LogCaptureFixture) -> None:
    before = counters()
    with caplog.at_level("INFO", "posts.reconciling"):
        reconcile()
    assert counters() == before
    assert "counters_reconciled mended=0" in caplog.text
    assert "counter_drift" not in caplog.text


@pytest.mark.parametrize(
    ("table", "column"),
    [
        *(("post", column) for column in OF_POSTS),
        *(("comment", column) for column in OF_COMMENTS),
        *(("profile", column) for column in OF_PEOPLE),
    ],
)
def test_what_drifted_is_mended_and_said(
    busy: int, bob: Person, post_id: int, caplog: pytest.LogCaptureFixture, table: str, column: str
) -> None:
    before = counters()
    model, pk = {
        "post": (Post, post_id),
        "comment": (Comment, busy),
        "profile": (Profile, bob.user.pk),
    }[table]
    true = model._default_manager.values_list(column, flat=True).get(pk=pk)
    model._default_manager.filter(pk=pk).update(**{column: 41})
    with caplog.at_level("INFO", "posts.reconciling"):
        reconcile()
    assert counters() == before
    assert f"id={pk} {column}=41 true={true}" in caplog.text
    assert "counters_reconciled mended=1" in caplog.text


def test_every_row_is_looked_at_batch_by_batch(bob: Person, post_id: int) -> None:
    ids = [post_id, *(PostFactory(author=bob.user).pk for _ in range(6))]
    Post.objects.filter(pk__in=ids).update(like_count=3)
    assert reconcile_counters(batch=2) == 7
    assert [stored(pk).like_count for pk in ids] == [0] * 7
