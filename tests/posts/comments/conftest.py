"""The same people as those who react."""

from tests.posts.reactions.conftest import ann, anonymous, bob, eve, person, post_id, recipe_id

__all__ = ["ann", "anonymous", "bob", "eve", "person", "post_id", "recipe_id"]
