"""Who mutes or blocks somebody hears no more of them, on the open socket and in what it recovers."""

from tests.live.people import Person
from tests.stack import Stack


def test_who_is_muted_is_hidden_from_then_on_and_the_counters_stay(
    stack: Stack, seller: Person, customer: Person
) -> None:
    recipe, other = seller.publish(), Person(stack)
    with customer.socket() as muting, other.socket() as whole:
        position = muting.subscribe(f"recipe:{recipe}")
        whole.subscribe(f"recipe:{recipe}")
        muted = Person(stack)
        customer.call("PUT", f"/api/users/{muted.username}/mute/", 200)
        assert muting.publication(f"inbox:{customer.id}")["data"]["type"] == "mute.created"
        muted.rate(recipe, 5)
        rating = muting.publication(f"recipe:{recipe}")
        assert (rating["offset"], rating["data"]["actor"]) == (1, None)
        assert (rating["data"]["score"], rating["data"]["avg_rating"], rating["data"]["rating_count"]) == (None, 5, 1)
        seen = whole.publication(f"recipe:{recipe}")["data"]
        assert (seen["actor"]["id"], seen["score"]) == (muted.id, 5)
    with customer.socket() as again:
        missed = again.subscribe(f"recipe:{recipe}", recover=True, epoch=position["epoch"], offset=0)
    assert [(pub["offset"], pub["data"]["actor"]) for pub in missed["publications"]] == [(1, None)]


def test_a_block_ends_what_the_blocked_one_hears_of_the_blocker(stack: Stack, seller: Person, customer: Person) -> None:
    with customer.socket() as blocked, seller.socket() as open_to_all:
        blocked.subscribe(f"user:{seller.id}")
        open_to_all.subscribe(f"user:{seller.id}")
        seller.call("PUT", f"/api/users/{customer.username}/block/", 200)
        while not any("unsubscribe" in push for push in blocked.pushes):
            blocked.read()
        (lost,) = (push for push in blocked.pushes if "unsubscribe" in push)
        assert (lost["channel"], lost["unsubscribe"]["code"]) == (f"user:{seller.id}", 2000)
        seller.publish()
        assert open_to_all.publication(f"user:{seller.id}")["data"]["type"] == "recipe.published"
        blocked.command("ping")
        assert not [push for push in blocked.pushes if push["channel"] == f"user:{seller.id}" and "pub" in push]
