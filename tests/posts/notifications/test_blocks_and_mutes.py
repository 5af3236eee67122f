"""Nobody hears of people whom they have blocked or muted, or who have blocked them."""

from collections.abc import Callable

import pytest

from posts.models import Notification
from tests.factories import PASSWORD
from tests.posts.notifications.conftest import done, inbox, told, unread
from tests.recipes.conftest import Person, events

# Who does it, what, to whom; bob is then hidden from ann.
HIDING = {
    "ann blocks bob": lambda ann, bob: ann.put("/api/users/bob/block/"),
    "bob blocks ann": lambda ann, bob: bob.put("/api/users/ann/block/"),
    "ann mutes bob": lambda ann, bob: ann.put("/api/users/bob/mute/"),
}


@pytest.fixture(params=HIDING)
def hide(request: pytest.FixtureRequest, ann: Person, bob: Person) -> Callable[[], None]:
    return lambda: done(HIDING[request.param](ann, bob))


def test_what_was_told_goes_at_once(ann: Person, bob: Person, eve: Person, post: int, hide: Callable[[], None]) -> None:
    for liker in (eve, bob):
        done(liker.put(f"/api/posts/{post}/like/"))
    done(bob.post(f"/api/posts/{post}/comments/", {"text": "Lovely."}))
    assert told(ann) == [("comment", ["bob"]), ("like", ["bob", "eve"])]
    hide()
    # Before any job has run.
    [item] = ann.get("/api/notifications/").json()["results"]
    assert [actor["username"] for actor in item["actors"]] == ["eve"]
    assert unread(ann) == 1
    [item] = inbox(ann)
    assert item["actor_count"] == 1
    assert "notification.read" in [event["type"] for event in events(f"inbox:{ann.user.pk}")]


def test_what_was_read_goes_too(ann: Person, bob: Person, post: int, hide: Callable[[], None]) -> None:
    done(bob.put(f"/api/posts/{post}/like/"))
    [item] = inbox(ann)
    ann.post("/api/notifications/read/", {"ids": [item["id"]]})
    hide()
    assert inbox(ann) == []
    assert not Notification.objects.exists()


def test_what_is_done_before_and_told_after_is_not_told(
    ann: Person, bob: Person, post: int, hide: Callable[[], None]
) -> None:
    done(bob.put(f"/api/posts/{post}/like/"))
    hide()
    assert inbox(ann) == []
    assert not Notification.objects.exists()


def test_what_the_muted_do_is_told_to_others(ann: Person, bob: Person, eve: Person) -> None:
    done(ann.put("/api/users/bob/mute/"))
    done(bob.put("/api/users/ann/follow/"))
    done(bob.put("/api/users/eve/follow/"))
    assert (told(ann), told(eve)) == ([], [("follow", ["bob"])])


def test_a_closed_account_is_in_no_notification(ann: Person, bob: Person, eve: Person, post: int) -> None:
    done(eve.put(f"/api/posts/{post}/like/"))
    done(bob.put("/api/users/ann/follow/"))
    done(bob.put(f"/api/posts/{post}/like/"))
    assert told(ann) == [("like", ["bob", "eve"]), ("follow", ["bob"])]
    done(bob.delete("/api/me/", {"password": PASSWORD}))
    assert told(ann) == [("like", ["eve"])]
    assert unread(ann) == 1
