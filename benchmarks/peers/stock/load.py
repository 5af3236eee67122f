# ruff: noqa: E402  (models can be imported once Django is set up)
"""Fills the stock peer's empty, migrated database; prints the same JSON as `benchmarks.load`."""

import json

import django

django.setup()

from django.db import transaction
from rest_framework_simplejwt.tokens import AccessToken

from benchmarks import data
from benchmarks.peers.stock.models import Follow, Ingredient, Post, Recipe, Step, User


def load() -> dict[str, list[object]]:
    people = User.objects.bulk_create([User(password="!", **vars(person)) for person in data.people()])
    template = Recipe.objects.create(seller=people[0], name="template")
    first, last = data.multiply(template, first_seller=people[0].pk)
    detailed = list(Recipe.objects.filter(id__gt=last - data.DETAILED))
    Ingredient.objects.bulk_create(
        [Ingredient(recipe=recipe, **row) for recipe in detailed for row in data.ingredients()]
    )
    Step.objects.bulk_create([Step(recipe=recipe, **row) for recipe in detailed for row in data.steps()])
    announcement = Post.objects.create(author=people[0], recipe_id=first)
    data.multiply_announcement(announcement, first_author=people[0].pk, first_recipe=first, recipe_column="recipe_id")
    status = Post.objects.create(author=people[0], text="template")
    statuses = data.multiply_status(status, first_author=people[0].pk)
    rows = data.follows(first_seller=people[0].pk, first_customer=people[data.SELLERS].pk)
    Follow.objects.bulk_create(
        [Follow(follower_id=follower, followee_id=followee) for follower, followee in rows], batch_size=10_000
    )
    return {
        "statuses": list(statuses),
        "recipes": [first, last],
        "tokens": [str(AccessToken.for_user(user)) for user in people[data.SELLERS :]],
    }


if __name__ == "__main__":
    with transaction.atomic():
        print(json.dumps(load()))
