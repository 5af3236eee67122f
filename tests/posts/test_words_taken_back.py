"""What is deleted, or left to fewer people, is told to nobody else any more: neither live nor by a recovery."""

from collections.abc import Callable
from typing import Any

import pytest
from asgiref.sync import sync_to_async
from channels.layers import get_channel_layer

from realtime.bus import group_of
from realtime.models import StreamEvent
from realtime.positions import current_epoch
from realtime.publishing import messages_of
from tests.factories import PASSWORD, UserFactory
from tests.jobs import run_jobs
from tests.posts.conftest import Person, events
from tests.posts.test_posts import PICTURE
from tests.realtime.conftest import Sockets, hub, sockets  # noqa: F401  fixtures
from tests.relaying import relay_now

SECRET = "Grandmother's secret"


def leave_it(author: Person, path: str, how: str) -> None:
    response = author.delete(path) if how == "deleted" else author.patch(path, {"visibility": how})
    assert response.status_code in (200, 204), response.content


@pytest.mark.parametrize("how", ["deleted", "followers", "premium"])
async def test_a_recovery_brings_no_words_back(sockets: Sockets, how: str) -> None:  # noqa: F811
    def write() -> tuple[Person, int]:
        author = Person(UserFactory())
        post: int = author.write(SECRET)["id"]
        author.patch(f"/api/posts/{post}/", {"text": f"{SECRET}, once more"})
        leave_it(author, f"/api/posts/{post}/", how)
        run_jobs()
        relay_now()
        return author, post

    author, post = await sync_to_async(write)()
    since = {"recover": True, "epoch": await sync_to_async(current_epoch)(), "offset": 0}
    socket = await sockets.open()
    told = await socket.subscribe(f"user:{author.user.pk}", **since)
    [published] = told["publications"]
    assert (published["data"]["type"], published["data"]["text"], published["data"]["media"]) == (
        "post.published",
        "",
        [],
    )
    # Of a premium post everybody may read this one.
    rest = await socket.command("subscribe", channel=f"post:{post}", **since)
    assert ("error" in rest) == (how != "premium")
    assert SECRET not in str((told, rest))


async def test_who_may_no_longer_read_a_post_does_not_hear_what_it_says_now(sockets: Sockets) -> None:  # noqa: F811
    author = await sync_to_async(lambda: Person(UserFactory()))()
    post = (await sync_to_async(author.write)())["id"]
    socket = await sockets.open()
    await socket.subscribe(f"post:{post}")
    changes = {"visibility": "followers", "text": f"{SECRET} #soup"}
    await sync_to_async(author.patch)(f"/api/posts/{post}/", changes)
    layer: Any = get_channel_layer()
    for message in messages_of(await sync_to_async(relay_now)()):
        await layer.group_send(group_of(message["channel"]), dict(message))
    heard = [await socket.push(), await socket.push()]
    assert heard[0]["pub"]["data"]["visibility"] == "followers"
    assert heard[1]["unsubscribe"]["code"] == 2000
    assert SECRET not in str(heard)
    assert "soup" not in str(heard)


def test_followers_hear_the_next_edit_whole_and_keep_it(ann: Person) -> None:
    post = ann.write()["id"]
    for changes in ({"visibility": "followers"}, {"text": SECRET}):
        ann.patch(f"/api/posts/{post}/", changes)
    run_jobs()
    assert [event["text"] for event in events(f"post:{post}")] == ["", SECRET]


def test_what_is_opened_again_meanwhile_keeps_its_words(ann: Person) -> None:
    post = ann.write(SECRET)["id"]
    for visibility in ("premium", "public"):
        ann.patch(f"/api/posts/{post}/", {"visibility": visibility})
    assert run_jobs() == ["posts.blank_post"]
    assert StreamEvent.objects.get(channel=f"user:{ann.user.pk}").data["text"] == SECRET


@pytest.mark.parametrize("closed", [True, False])
async def test_the_words_of_a_closed_account_are_recovered_by_nobody(sockets: Sockets, closed: bool) -> None:  # noqa: F811
    def say() -> str:
        author, guest, cook = (Person(UserFactory(role=role)) for role in ("customer", "customer", "seller"))
        post, recipe = author.write()["id"], cook.create()["id"]
        for path in (f"/api/posts/{post}/comments/", f"/api/recipes/{recipe}/comments/"):
            assert guest.post(path, {"text": SECRET}).status_code == 201
        assert guest.post(f"/api/recipes/{recipe}/rate/", {"score": 1, "review": SECRET}).status_code == 201
        if closed:
            assert guest.delete("/api/me/", {"password": PASSWORD}).status_code == 204
        run_jobs()
        relay_now()
        return f"post:{post} recipe:{recipe}"

    since = {"recover": True, "offset": 0}
    for channel in (await sync_to_async(say)()).split():
        since["epoch"] = await sync_to_async(current_epoch)()
        socket = await sockets.open()
        told = (await socket.subscribe(channel, **since))["publications"]
        assert [pub["offset"] for pub in told] == list(range(1, len(told) + 1))
        said = [pub["data"] for pub in told if pub["data"]["type"] in ("comment.created", "rating.created")]
        assert said
        assert {one["actor"] is None for one in said} == {closed}
        assert (SECRET in str(told)) == (not closed)


@pytest.mark.parametrize("closed", ["before", "after"])
def test_a_closed_accounts_picture_that_becomes_ready_tells_nobody_its_words(
    person: Callable[..., Person], closed: str
) -> None:
    author = person("ann", role="seller")
    post = author.write(SECRET, image=PICTURE)["id"]
    recipe = author.create(name=SECRET, image=PICTURE)["id"]
    channels = [f"post:{post}", f"recipe:{recipe}"]
    if closed == "after":
        run_jobs()
        assert [[event["actor"] for event in events(channel)] for channel in channels] == [[None], [None]]
        assert SECRET in str([events(channel) for channel in channels])
    assert author.delete("/api/me/", {"password": PASSWORD}).status_code == 204
    run_jobs()
    told = [events(channel) for channel in channels]
    assert [len(of_one) for of_one in told] == ([0, 0] if closed == "before" else [1, 1])
    assert SECRET not in str(told)
