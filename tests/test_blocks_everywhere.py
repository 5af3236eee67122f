"""Two people with a block between them never see each other, nor each other's words: on no route, on no channel.

Routes come from the URL resolver and channels from the registry: a new one is read here without being listed, and when
its name holds something that nobody has yet, the suite fails and says so. Before the block, the two are shown to find
each other everywhere.
"""

from collections import defaultdict
from typing import Any

import orjson
from asgiref.sync import sync_to_async
from channels.layers import get_channel_layer
from django.urls import reverse
from pytest_django import Settings
from rest_framework.views import APIView

from accounts.services.sessions import session_open
from posts.models import Report
from realtime.bus import group_of
from realtime.channels import NAMESPACES
from realtime.positions import current_epoch, read_head
from realtime.publishing import messages_of
from tests.actors import access_of
from tests.jobs import run_jobs
from tests.realtime.conftest import Sockets, hub, sockets  # noqa: F401  fixtures
from tests.realtime.event_reader import EventReader
from tests.realtime.sockets import Socket
from tests.relaying import relay_now
from tests.strangers import TAG, Stranger, Strangers, make_strangers
from tests.test_permissions import KNOWN, keys_of

# Where the person who blocks does see the other, to take the block away.
OF_THE_BLOCKER = {"me-blocked", "user-detail"}
# Staff see what was reported, whoever they are.
STAFF = {"moderation-report-list", "moderation-report", "moderation-action-list"}
# Routes on which each of the two sees the other as long as there is no block: the world is rich enough.
SHOWING = {
    *("user-list", "user-detail", "user-followers", "user-following", "user-recipes", "user-posts"),
    *("recipe-list", "recipe-detail", "recipe-ratings", "recipe-comments"),
    *("post-list", "post-detail", "post-comments", "comment-detail", "comment-replies", "tag-posts", "search"),
    *("feed", "me-liked", "me-saved", "notification-list"),
}
OWN = {"feed", "me-liked", "me-saved", "notification-list"}


def block(blocker: Stranger, blocked: Stranger) -> None:
    assert blocker.person.put(f"/api/users/{blocked.username}/block/").status_code in (200, 204)


def addresses(name: str, world: Strangers) -> list[str]:
    """Every address that the route has in this world."""
    found: list[dict[str, Any]] = [{}]
    for key in sorted(keys_of(KNOWN[name])):
        values = {
            "username": [one.username for one in world],
            "tag": [TAG],
            "report_id": list(Report.objects.values_list("pk", flat=True)) or [1],
            "media_id": ["00000000-0000-0000-0000-000000000000"],
        }.get(key) or [thing for one in world for thing in one.things.get(key, [])]
        assert values, f"{name} has a {key} in its address: give the people of tests/strangers.py such things"
        found = [{**values_before, key: value} for values_before in found for value in values]
    return [reverse(name, kwargs=kwargs) for kwargs in found]


def queries(name: str, other: Stranger) -> list[dict[str, str]]:
    """What a list may be asked; a route passes over what it does not know."""
    if keys_of(KNOWN[name]):
        return [{}]
    asked = [{}, {"tag": TAG}, {"seller": other.username}, {"author": other.username}]
    asked += [{"order": order} for order in ("top", "trending", "latest", "ranked")]
    asked += [{"q": other.word, "type": kind} for kind in ("recipes", "posts", "users")]
    return [*asked, {"q": other.username, "type": "users"}]


def tells_of(other: Stranger, text: str) -> bool:
    """What somebody wrote to the other, by name, stays theirs."""
    text = text.lower().replace(f"@{other.username}", "")
    return any(trace in text for trace in other.traces())


def routes_that_show(other: Stranger, reader: Stranger, world: Strangers) -> set[str]:
    """The routes that tell READER anything of OTHER, as lists, details or errors."""
    showing = set()
    for name, pattern in KNOWN.items():
        view = getattr(pattern.callback, "cls", None)
        if name in STAFF or view is None or not issubclass(view, APIView) or not hasattr(view, "get"):
            continue
        for path in addresses(name, world):
            for query in queries(name, other):
                response = reader.person.get(path, {"limit": "100", **query})
                assert response.status_code in (200, 400, 404), (path, query, response.content)
                # An error may repeat what was asked for, and nothing else.
                if response.status_code == 200 and tells_of(other, response.content.decode()):
                    showing.add(name)
    return showing


def go_on(world: Strangers) -> None:
    """Ann and Bob do more in front of Carl, and he shows it to others."""
    post = world.carl.things["post_id"][1]
    for one in (world.ann, world.bob):
        one.write("Afterwards")
        one.write("Their soup", recipe_id=world.carl.things["recipe_id"][0])
        one.put(f"/api/posts/{world.carl.things['post_id'][2]}/like/")
        one.comment(f"/api/comments/{one.comment(f'/api/posts/{post}/comments/')}/replies/")
        world.carl.repost(one.things["post_id"][-1])
        one.post("/api/recipes/", {"name": f"Late {one.word}"})
    run_jobs()


def test_no_route_shows_either_of_two_who_block_each_other(transactional_db: None) -> None:
    world = make_strangers()
    pairs = ((world.ann, world.bob), (world.bob, world.ann))
    for reader, other in pairs:
        assert routes_that_show(other, reader, world) >= SHOWING
    block(world.ann, world.bob)
    block(world.bob, world.ann)
    # Nothing waits for a job.
    for reader, other in pairs:
        assert routes_that_show(other, reader, world) == {"me-blocked"}
    go_on(world)
    for reader, other in pairs:
        assert routes_that_show(other, reader, world) == {"me-blocked"}


def test_a_block_of_one_side_hides_both_from_each_other_and_from_nobody_else(transactional_db: None) -> None:
    world = make_strangers()
    block(world.ann, world.bob)
    go_on(world)
    assert routes_that_show(world.ann, world.bob, world) == set()
    assert routes_that_show(world.bob, world.ann, world) == OF_THE_BLOCKER
    for one in (world.ann, world.bob):
        assert routes_that_show(one, world.carl, world) >= SHOWING - OWN


class Ear:
    """Somebody's socket, on every channel that they may read; `heard` are the publications of each."""

    def __init__(self, one: Stranger, socket: Socket) -> None:
        self.one, self.socket = one, socket
        self.heard: dict[str, list[dict[str, Any]]] = defaultdict(list)
        self.offsets: dict[str, int] = {}

    async def listen(self, channels: list[str]) -> None:
        """Signs in and recovers all channels from their beginnings."""
        since = {"recover": True, "epoch": await sync_to_async(current_epoch)(), "offset": 0}
        token = await sync_to_async(lambda: access_of(session_open(user=self.one.person.user)))()
        reply = await self.socket.command("connect", token=token, subs=dict.fromkeys(channels, since))
        for channel, sub in reply["connect"]["subs"].items():
            self._subscribed(channel, sub)
        for channel in channels:
            answer = await self.socket.command("subscribe", channel=channel, **since)
            if "subscribe" in answer:
                self._subscribed(channel, answer["subscribe"])

    def _subscribed(self, channel: str, sub: dict[str, Any]) -> None:
        self.heard[channel] += sub.get("publications", [])
        if sub.get("recoverable"):
            self.offsets[channel] = sub["offset"]

    async def catch_up(self, *, without: str = "") -> None:
        """Reads until all that is numbered was heard, and the channel WITHOUT has ended."""
        while True:
            heads = await sync_to_async(lambda: {name: read_head(name) for name in self.offsets})()
            if without not in self.offsets and self.offsets == heads:
                return
            push = await self.socket.push()
            if "unsubscribe" in push:
                del self.offsets[push["channel"]]
            elif "pub" in push:
                self.heard[push["channel"]].append(push["pub"])
                if push["channel"] in self.offsets:
                    self.offsets[push["channel"]] = push["pub"]["offset"]

    async def past_and_present(self, channel: str) -> str:
        """All of the channel's history, and who is there."""
        past = await self.socket.command("history", channel=channel, limit=-1)
        assert "history" in past, (channel, past)
        return orjson.dumps([past, await self.socket.command("presence", channel=channel)]).decode()

    def channels_that_tell_of(self, other: Stranger) -> set[str]:
        return {name for name, pubs in self.heard.items() if tells_of(other, orjson.dumps(pubs).decode())}

    def assert_dense(self) -> None:
        for name in self.offsets:
            offsets = [publication["offset"] for publication in self.heard[name]]
            assert offsets == list(range(1, len(offsets) + 1)), name


async def streamed(ear: Ear) -> str:
    """All events of the channels that EAR hears, as an event stream tells them from the beginning."""
    places = ",".join(f"{name}=0" for name in ear.offsets)
    token = await sync_to_async(lambda: access_of(session_open(user=ear.one.person.user)))()
    since = f"1;{await sync_to_async(current_epoch)()};{places}"
    stream = await EventReader(list(ear.offsets), token=token, last_event_id=since).opened()
    events = [await stream.event() for _ in range(sum(ear.offsets.values()))]
    assert {event.name for event in events} == {"message"}
    await stream.leave()
    return orjson.dumps([event.data for event in events]).decode()


def channels(world: Strangers) -> list[str]:
    """Every channel that there may be in this world."""
    ids = {one.person.user.pk for one in world}
    ids |= {thing for one in world for things in one.things.values() for thing in things if isinstance(thing, int)}
    return [f"{name}:{number}" for name in NAMESPACES for number in sorted(ids)] + list(NAMESPACES)


async def relay() -> None:
    """Numbers what waits, and puts it on the bus."""
    layer = get_channel_layer()
    assert layer is not None
    for message in messages_of(await sync_to_async(relay_now)()):
        await layer.group_send(group_of(message["channel"]), dict(message))


async def test_no_channel_tells_of_either_of_two_with_a_block_between_them(
    sockets: Sockets,  # noqa: F811
    settings: Settings,
) -> None:
    settings.COMMANDS_PER_SECOND = None
    world = await sync_to_async(make_strangers)()
    await relay()
    pairs = ((world.ann, world.bob), (world.bob, world.ann))
    ears = {}
    for reader, other in pairs:
        ear = ears[reader.word] = Ear(reader, await sockets.raw())
        await ear.listen(channels(world))
        told = {name.partition(":")[0] for name in ear.channels_that_tell_of(other)}
        assert told >= {"inbox", "post", "recipe", "recipes", "user"}
    await sync_to_async(block)(world.ann, world.bob)
    await relay()
    for reader, other in pairs:
        await ears[reader.word].catch_up(without=f"user:{other.person.user.pk}")
        ears[reader.word].assert_dense()
        ears[reader.word].heard.clear()
    # Live.
    await sync_to_async(go_on)(world)
    await relay()
    for reader, other in pairs:
        await ears[reader.word].catch_up()
        assert ears[reader.word].heard
        assert ears[reader.word].channels_that_tell_of(other) == set()
    # By a recovery of all there ever was.
    for reader, other in pairs:
        ear = Ear(reader, await sockets.raw())
        await ear.listen(channels(world))
        ear.assert_dense()
        assert ear.channels_that_tell_of(other) == set()
        assert not {"post", "recipe", "user", "inbox"} - {name.partition(":")[0] for name in ear.offsets}
        told = {name: await ear.past_and_present(name) for name in ear.offsets}
        assert {name for name, text in told.items() if tells_of(other, text)} == set()
        # By server-sent events, from the beginning too.
        assert not tells_of(other, await streamed(ear))
