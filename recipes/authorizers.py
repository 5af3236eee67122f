"""Who may read the channels of recipes."""

from collections.abc import Collection

from django.contrib.auth.models import AnonymousUser

from accounts.authorizers import readers_apart_from_blocks
from realtime.channels import id_of
from recipes.models import Recipe


def readers_of_recipe(key: str, user_ids: Collection[int | None]) -> set[int | None]:
    """`recipe:{id}`: who may see the recipe, locked or not: no event carries what is locked. One query."""
    wanted = id_of(key)
    if wanted is None:
        return set()
    seller = Recipe.objects.visible_to(AnonymousUser()).filter(pk=wanted).values("seller")
    return readers_apart_from_blocks(seller, user_ids)
