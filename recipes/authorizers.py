"""Who may read the channels of recipes."""

from collections.abc import Collection

from django.contrib.auth.models import AnonymousUser

from recipes.models import Recipe


def readers_of_recipe(key: str, user_ids: Collection[int | None]) -> set[int | None]:
    """`recipe:{id}`: who may see the recipe. One query."""
    # One name a channel: "007" would be a second one, on which nothing is ever heard.
    if not (key.isascii() and key.isdigit()) or len(key) > 18 or str(int(key)) != key:
        return set()
    if not Recipe.objects.visible_to(AnonymousUser()).filter(pk=int(key)).exists():
        return set()
    return set(user_ids)
