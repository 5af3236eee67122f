"""Who may read the channels of recipes."""

from collections.abc import Collection

from django.contrib.auth.models import AnonymousUser

from realtime.channels import id_of
from recipes.models import Recipe


def readers_of_recipe(key: str, user_ids: Collection[int | None]) -> set[int | None]:
    """`recipe:{id}`: who may see the recipe. One query."""
    wanted = id_of(key)
    if wanted is None or not Recipe.objects.visible_to(AnonymousUser()).filter(pk=wanted).exists():
        return set()
    return set(user_ids)
