"""A user who mutes or blocks another receives no word of theirs: each event type, live, recovered, history and SSE.

The types come from the registry: one that declares content and is not provoked here fails the test.
"""

from typing import Any

import orjson
import pytest
from asgiref.sync import sync_to_async
from pytest_django import Settings

from accounts.models import User
from realtime.channels import NAMESPACES
from realtime.events import EVENTS
from realtime.models import StreamEvent
from tests.factories import UserFactory
from tests.jobs import run_jobs
from tests.posts.conftest import Person
from tests.posts.test_posts import PICTURE
from tests.realtime.conftest import Sockets, hub, sockets  # noqa: F401  fixtures
from tests.strangers import Stranger
from tests.test_blocks_everywhere import Ear, relay, streamed

WORD = "zanzibar"


class World:
    """Two authors whose words nobody else writes, who sell and who buy; a host with a post and a recipe; a reader."""

    def __init__(self) -> None:
        self.seller = Person(UserFactory(username="annabelle", role="seller", display_name=f"The {WORD}"))
        self.customer = Person(UserFactory(username="bobadilla", display_name=f"The {WORD}"))
        self.host = Person(UserFactory(username="host", role="seller"))
        self.moderator = Person(UserFactory(username="mod", staff_role=User.StaffRole.MODERATOR))
        self.reader = Person(UserFactory(username="reader"))
        self.post = self.host.write("What do you eat?")["id"]
        self.recipe = self.host.create()["id"]
        self.own = self.seller.write(f"Dinner {WORD}")["id"]
        self.own_recipe = self.seller.create(name=f"Soup {WORD}", tags=[WORD])["id"]
        run_jobs()

    def authors(self) -> set[int]:
        return {self.seller.user.pk, self.customer.user.pk}

    def act(self) -> None:
        """Each of the two does all that an event tells the words of."""
        seller, customer = self.seller, self.customer
        # Their pictures become ready in a job: events without an actor.
        _done(seller.patch(f"/api/posts/{self.own}/", {"text": f"Again {WORD} @reader", "image": PICTURE}))
        _done(seller.patch(f"/api/recipes/{self.own_recipe}/", {"name": f"Stew {WORD}", "image": PICTURE}))
        run_jobs()
        _done(seller.patch(f"/api/posts/{self.own}/", {"text": f"More {WORD} #{WORD}"}))
        seller.write(f"News {WORD}", image=PICTURE)
        seller.create(name=f"Late {WORD}", image=PICTURE)
        for author in (seller, customer):
            for path in (f"/api/posts/{self.post}/comments/", f"/api/recipes/{self.recipe}/comments/"):
                for remover in (author, self.moderator):
                    comment = _done(author.post(path, {"text": f"I say {WORD} @reader"}))["id"]
                    _done(author.patch(f"/api/comments/{comment}/", {"text": f"I mean {WORD}"}))
                    _done(author.post(f"/api/comments/{comment}/replies/", {"text": f"And {WORD}"}))
                    _done(remover.delete(f"/api/comments/{comment}/"))
        for score in (5, 4):
            _done(customer.rate(self.recipe, score, review=f"Tastes of {WORD}"))
        _done(customer.delete(f"/api/recipes/{self.recipe}/rate/"))
        run_jobs()

    def channels(self) -> list[str]:
        ids = {self.post, self.recipe, self.own, self.own_recipe, *self.authors(), self.reader.user.pk}
        return [f"{name}:{number}" for name in NAMESPACES for number in sorted(ids)] + ["recipes"]


def _done(response: Any) -> Any:
    assert response.status_code in (200, 201, 204), response.content
    return response.json() if response.content else None


def told_types(authors: set[int]) -> set[str]:
    """The types of which an event was stored that carries the content of one of them."""
    return set(
        StreamEvent.objects.filter(actor_id__in=authors).values_list("type", flat=True)
        | StreamEvent.objects.filter(author_id__in=authors).values_list("type", flat=True)
    )


def by_the_authors(channel: str, authors: set[int]) -> set[int]:
    """The offsets of their events on a channel."""
    events = StreamEvent.objects.filter(channel=channel, offset__isnull=False)
    return {event.offset or 0 for event in events if event.actor_id in authors or event.author_id in authors}


async def assert_redacted(heard: dict[str, list[dict[str, Any]]], authors: set[int]) -> None:
    """Each event is there, and of the authors' neither the actor nor any content."""
    for channel, publications in heard.items():
        offsets = [publication["offset"] for publication in publications]
        assert offsets == list(range(offsets[0], offsets[-1] + 1)) if offsets else True
        hidden = await sync_to_async(by_the_authors)(channel, authors)
        for publication in publications:
            data = publication["data"]
            if publication["offset"] in hidden:
                content = {name: data[name] for name in EVENTS[data["type"]].content}
                assert data["actor"] is None and not any(content.values()), (channel, data)
    assert WORD not in orjson.dumps(heard).decode()


@pytest.mark.parametrize("how", ["mute", "block"])
async def test_no_event_tells_a_reader_the_words_of_whom_they_mute_or_block(
    sockets: Sockets,  # noqa: F811
    settings: Settings,
    how: str,
) -> None:
    settings.COMMANDS_PER_SECOND = None
    world = await sync_to_async(World)()
    authors = await sync_to_async(world.authors)()
    reader = Stranger(world.reader, "")
    await sync_to_async(world.act)()
    await relay()
    told = await sync_to_async(told_types)(authors)
    assert told >= {name for name, event in EVENTS.items() if event.content}, "provoke each type with content"
    before = Ear(reader, await sockets.raw())
    await before.listen(world.channels())
    await before.catch_up()
    assert WORD in orjson.dumps(before.heard).decode()
    for author in (world.seller, world.customer):
        await sync_to_async(getattr(world.reader, how))(author)
    await relay()
    before.heard.clear()
    # Live, from the very next event on.
    await sync_to_async(world.act)()
    await relay()
    await before.catch_up()
    assert before.heard
    await assert_redacted(before.heard, authors)
    after = Ear(reader, await sockets.raw())
    await after.listen(world.channels())
    await assert_redacted(after.heard, authors)
    for channel in after.offsets:
        past = await after.socket.command("history", channel=channel, limit=-1)
        await assert_redacted({channel: past["history"]["publications"]}, authors)
    assert WORD not in await streamed(after)
