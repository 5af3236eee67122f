"""A new post is told to the followers who are connected, and to nobody else."""

from tests.live.people import Person
from tests.stack import Stack


def test_a_new_post_is_hinted_to_a_connected_follower(stack: Stack, seller: Person, customer: Person) -> None:
    stranger = Person(stack)
    customer.call("PUT", f"/api/users/{seller.username}/follow/", 200)
    with customer.socket() as following, stranger.socket() as other:
        assert following.connected["subs"][f"feed:{customer.id}"] == {}
        post = seller.call("POST", "/api/posts/", 201, json={"text": "Leeks again."})
        hint = following.publication(f"feed:{customer.id}")
        assert set(hint) == {"data"}
        assert (hint["data"]["type"], hint["data"]["post_id"]) == ("post.published", post["id"])
        # The hints of one publication go out together: the stranger's would be on its way before this reply.
        other.command("ping")
        assert not [push for push in other.pushes if push["channel"] == f"feed:{stranger.id}"]
