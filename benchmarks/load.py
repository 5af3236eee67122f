# ruff: noqa: E402  (models can be imported once Django is set up)
"""Fills Simmer's empty, migrated database: `python -m benchmarks.load` in Simmer's environment.

Prints JSON: {"recipes": [first id, last id], "tokens": [an access token of each customer]}.
"""

import json
from datetime import timedelta

import django

django.setup()

from django.db import transaction
from django.utils import timezone

from accounts.models import Profile, Session, User
from accounts.tokens import issue_tokens
from benchmarks import data
from recipes.models import Ingredient, Recipe, RecipeTag, Step, Tag


def load() -> dict[str, list[object]]:
    people = User.objects.bulk_create([User(password="!", **vars(person)) for person in data.people()])
    Profile.objects.bulk_create([Profile(user=user) for user in people])
    template = Recipe.objects.create(seller=people[0], name="template")
    first, last = data.multiply(template, first_seller=people[0].pk)
    detailed = list(Recipe.objects.filter(id__gt=last - data.DETAILED))
    names = sorted({name for recipe in detailed for name in recipe.tag_names})
    tags = {tag.name: tag for tag in Tag.objects.bulk_create([Tag(name=name) for name in names])}
    RecipeTag.objects.bulk_create(
        [RecipeTag(recipe=recipe, tag=tags[name]) for recipe in detailed for name in set(recipe.tag_names)]
    )
    Ingredient.objects.bulk_create(
        [Ingredient(recipe=recipe, **row) for recipe in detailed for row in data.ingredients()]
    )
    Step.objects.bulk_create([Step(recipe=recipe, **row) for recipe in detailed for row in data.steps()])
    sessions = Session.objects.bulk_create(
        [Session(user=user, expires_at=timezone.now() + timedelta(days=1)) for user in people[data.SELLERS :]]
    )
    return {
        "recipes": [first, last],
        "tokens": [issue_tokens(session)["access"] for session in sessions],
    }


if __name__ == "__main__":
    with transaction.atomic():
        print(json.dumps(load()))
