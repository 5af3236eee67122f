"""Counters are exact and events dense, however many people react at once."""

import itertools
from collections.abc import Callable

import pytest

from posts.models import CommentReaction, PostReaction, Save
from realtime.models import StreamEvent
from tests.concurrently import at_once
from tests.factories import PostFactory, UserFactory
from tests.posts.reactions.conftest import comment_on, done, stored, stored_comment
from tests.recipes.conftest import Person
from tests.relaying import relay_now

pytestmark = pytest.mark.django_db(transaction=True)
PEOPLE = 50


def crowd(count: int = PEOPLE) -> list[Person]:
    return [Person(UserFactory()) for _ in range(count)]


def heard(channel: str) -> list[StreamEvent]:
    """The numbered events of CHANNEL, whose offsets are dense."""
    relay_now()
    events = list(StreamEvent.objects.filter(channel=channel).order_by("offset"))
    assert [event.offset for event in events] == list(range(1, len(events) + 1))
    return events


def replayed(events: list[StreamEvent]) -> list[int]:
    """What `like_count` must have been after each event, counted by their types alone."""
    steps = [1 if event.type == "like.created" else -1 for event in events]
    return list(itertools.accumulate(steps))


def test_100_pairs_of_like_and_unlike_by_50_people_leave_exact_counters_and_dense_events(post_id: int) -> None:
    def restless(who: Person) -> int:
        for _ in range(2):
            assert done(who.put(f"/api/posts/{post_id}/like/"))["is_liked"] is True
            assert done(who.delete(f"/api/posts/{post_id}/like/"))["is_liked"] is False
        return 0

    at_once([lambda who=who: restless(who) for who in crowd()])  # type: ignore[misc]
    assert (stored(post_id).like_count, PostReaction.objects.count()) == (0, 0)
    events = heard(f"post:{post_id}")
    assert len(events) == 200
    assert [event.data["like_count"] for event in events] == replayed(events)


def test_likes_dislikes_and_second_thoughts_at_once_are_counted_exactly(ann: Person, post_id: int) -> None:
    comment_id = comment_on(ann, post_id)
    people = crowd(8)

    def restless(number: int) -> int:
        for step in range(6):
            who = people[(number + 3 * step) % len(people)]
            thing = f"posts/{post_id}" if (number + step) % 2 else f"comments/{comment_id}"
            kind = "like" if (number + step) % 3 else "dislike"
            method = who.delete if step == 4 else who.put
            done(method(f"/api/{thing}/{kind}/"))
        return 0

    at_once([lambda number=number: restless(number) for number in range(16)])  # type: ignore[misc]
    post, comment = stored(post_id), stored_comment(comment_id)
    for kind in ("like", "dislike"):
        assert getattr(post, f"{kind}_count") == PostReaction.objects.filter(kind=kind).count()
        assert getattr(comment, f"{kind}_count") == CommentReaction.objects.filter(kind=kind).count()
    events = [event for event in heard(f"post:{post_id}") if event.type.startswith("like.")]
    for about in (None, comment_id):
        of_one = [event for event in events if event.data["comment_id"] == about]
        assert [event.data["like_count"] for event in of_one] == replayed(of_one)


def test_one_person_who_likes_and_saves_many_times_at_once_does_so_once(bob: Person, post_id: int) -> None:
    calls: list[Callable[[], int]] = [lambda: bob.put(f"/api/posts/{post_id}/like/").status_code] * 15
    calls += [lambda: bob.put(f"/api/posts/{post_id}/save/").status_code] * 15
    assert set(at_once(calls)) == {200}
    post = stored(post_id)
    assert (post.like_count, post.save_count, PostReaction.objects.count(), Save.objects.count()) == (1, 1, 1, 1)
    assert len(heard(f"post:{post_id}")) == 1


@pytest.mark.parametrize("what", ["post", "recipe"])
def test_what_is_deleted_while_people_react_to_it_leaves_nothing(
    ann: Person, post_id: int, recipe_id: int, what: str
) -> None:
    address = f"/api/posts/{post_id}/" if what == "post" else f"/api/recipes/{recipe_id}/"
    about = post_id if what == "post" else done(ann.get(address))["post_id"]
    comment_id = comment_on(ann, about)
    people = crowd(12)
    before = [people[0].put(f"/api/comments/{comment_id}/like/"), people[1].put(f"{address}like/")]
    assert [response.status_code for response in before] == [200, 200]
    calls: list[Callable[[], int]] = [
        *(lambda who=who: who.put(f"{address}like/").status_code for who in people),  # type: ignore[misc]
        *(lambda who=who: who.put(f"/api/comments/{comment_id}/like/").status_code for who in people),  # type: ignore[misc]
        lambda: people[0].delete(f"/api/comments/{comment_id}/like/").status_code,
        lambda: people[1].delete(f"{address}like/").status_code,
        *(lambda who=who: who.put(f"{address}save/").status_code for who in people),  # type: ignore[misc]
    ]
    calls.insert(14, lambda: ann.delete(address).status_code)
    statuses = at_once(calls)
    assert set(statuses) <= {200, 204, 404}
    assert statuses.count(204) == 1
    for model in (PostReaction, CommentReaction, Save):
        assert not model.objects.exists(), model
    heard(f"post:{about}")


def test_overlapping_batches_of_views_at_once_are_counted_once_each(ann: Person) -> None:
    ids = [PostFactory(author=ann.user).pk for _ in range(20)]
    people = crowd(5)
    calls: list[Callable[[], int]] = []
    for number in range(20):
        batch = ids[number % 7 :] if number % 2 else ids[::-1]
        who = people[number % 5]
        calls.append(
            lambda who=who, batch=batch: done(who.post("/api/views/", {"post_ids": batch}))["counted"]  # type: ignore[misc]
        )
    counted = at_once(calls)
    assert sum(counted) == 5 * 20
    assert [stored(post_id).view_count for post_id in ids] == [5] * 20
