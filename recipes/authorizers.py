"""Who may read the channels of recipes."""

from collections.abc import Collection
from functools import cache

from django.contrib.auth.models import AnonymousUser
from django.db.models import BigAutoField

from accounts.authorizers import apart_from_blocks
from core.prepared import Parameter, Prepared
from realtime.channels import id_of
from recipes.models import Recipe


def readers_of_recipe(key: str, user_ids: Collection[int | None]) -> set[int | None]:
    """`recipe:{id}`: who may see the recipe, locked or not: no event carries what is locked. At most two queries."""
    wanted = id_of(key)
    found = _prepared_seller().fetch({"recipe": wanted}, limit=1) if wanted is not None else []
    return apart_from_blocks(user_ids, {row["seller"] for row in found}) if found else set()


@cache
def _prepared_seller() -> Prepared:
    recipes = Recipe.objects.visible_to(AnonymousUser())
    return Prepared(recipes.filter(pk=Parameter("recipe", BigAutoField())).values("seller"))
