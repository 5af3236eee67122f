"""Who may subscribe to what: every channel, for each of the cast (tests/actors.py). A new channel needs a row."""

from typing import Any

import pytest

from accounts.services.blocks import block
from realtime.channels import NAMESPACES, TokenInvalid, namespace_of, verify_token
from tests.actors import ACTORS, Cast, make_cast
from tests.factories import PostFactory, RecipeFactory
from tests.routed import rows

CHANNELS = """
channel          anonymous customer seller owner other moderator admin revoked
recipes          yes       yes      yes    yes   yes   yes       yes   no
recipe:{recipe}  yes       yes      yes    yes   yes   yes       yes   no
user:{owner}     yes       yes      yes    yes   yes   yes       yes   no
inbox:{owner}    no        no       no     yes   no    no        no    no
post:{post}      yes       yes      yes    yes   yes   yes       yes   no
feed:{owner}     no        no       no     yes   no    no        no    no
feeds            no        no       no     no    no    no        no    no
"""


@pytest.fixture
def cast(db: None) -> Cast:
    return make_cast()


@pytest.fixture
def things(cast: Cast) -> dict[str, Any]:
    """What the owner has."""
    return {"post_id": PostFactory(author=cast.owner).pk, "recipe_id": RecipeFactory(seller=cast.owner).pk}


def test_every_channel_has_a_row() -> None:
    rowed = {channel.partition(":")[0] for channel, *_ in rows(CHANNELS)}
    assert rowed == set(NAMESPACES), f"CHANNELS in {__name__} and the namespaces differ: {rowed ^ set(NAMESPACES)}"


def channel_of(name: str, cast: Cast, things: dict[str, Any]) -> str:
    return name.format(recipe=things["recipe_id"], post=things["post_id"], owner=cast.owner.pk)


@pytest.mark.parametrize("row", list(rows(CHANNELS)), ids=lambda row: row[0])
def test_each_actor_may_subscribe_as_the_table_says(cast: Cast, things: dict[str, Any], row: list[str]) -> None:
    name, *answers = row
    found = namespace_of(channel_of(name, cast, things))
    assert found is not None
    namespace, key = found

    def may(actor: str) -> str:
        user_id = None
        if actor != "anonymous":
            try:
                user_id = verify_token(cast.clients[actor]._credentials["HTTP_AUTHORIZATION"].split()[1]).user_id
            except TokenInvalid:
                return "no"
        return "yes" if namespace.authorize(key, [user_id]) == {user_id} else "no"

    assert {actor: may(actor) for actor in ACTORS} == dict(zip(ACTORS, answers, strict=True))


@pytest.mark.parametrize("row", list(rows(CHANNELS)), ids=lambda row: row[0])
def test_whom_the_owner_has_blocked_subscribes_to_nothing_of_the_owners(
    cast: Cast, things: dict[str, Any], row: list[str]
) -> None:
    block(blocker=cast.owner, blocked=cast.users["customer"])
    found = namespace_of(channel_of(row[0], cast, things))
    assert found is not None
    namespace, key = found
    user_id = cast.users["customer"].pk
    before = dict(zip(ACTORS, row[1:], strict=True))["customer"]
    assert namespace.authorize(key, [user_id]) == (set() if "{" in row[0] or before == "no" else {user_id})
