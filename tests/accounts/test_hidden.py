"""What the sockets ask of people: who reads whose channel, and whose words are hidden from whom."""

from typing import Any

from accounts.authorizers import hidden_actors
from accounts.models import Block, Mute, User
from realtime.channels import namespace_of
from realtime.events import EVENTS
from tests.factories import UserFactory


def readers(channel: str, *user_ids: int | None) -> set[int | None]:
    found = namespace_of(channel)
    assert found is not None
    namespace, key = found
    return namespace.authorize(key, user_ids)


def test_nobody_with_a_block_between_reads_a_persons_channel(
    ann: User, bob: User, django_assert_num_queries: Any
) -> None:
    blocked, blocker, muted = UserFactory.create_batch(3)
    Block.objects.create(blocker=bob, blocked=blocked)
    Block.objects.create(blocker=blocker, blocked=bob)
    Block.objects.create(blocker=blocked, blocked=ann)
    Mute.objects.create(muter=muted, muted=bob)
    everyone = (None, ann.pk, bob.pk, blocked.pk, blocker.pk, muted.pk)
    with django_assert_num_queries(2):
        assert readers(f"user:{bob.pk}", *everyone) == {None, ann.pk, bob.pk, muted.pk}
    User.objects.filter(pk=bob.pk).update(is_active=False)
    assert readers(f"user:{bob.pk}", *everyone) == set()


def test_blocks_hide_both_ways_and_mutes_one(ann: User, bob: User, django_assert_num_queries: Any) -> None:
    eve, stranger = UserFactory.create_batch(2)
    Block.objects.create(blocker=ann, blocked=bob)
    Mute.objects.create(muter=ann, muted=eve)
    Mute.objects.create(muter=stranger, muted=ann)
    with django_assert_num_queries(1):
        hidden = hidden_actors([ann.pk, bob.pk, eve.pk])
    assert {person: actors for person, actors in hidden.items() if actors} == {
        ann.pk: {bob.pk, eve.pk},
        bob.pk: {ann.pk},
    }


def test_the_events_of_blocks_and_mutes_ask_for_the_readers_rights_again() -> None:
    for name in ("block.created", "block.deleted", "mute.created", "mute.deleted", "rights.changed"):
        assert EVENTS[name].reauthorize_reader, name
