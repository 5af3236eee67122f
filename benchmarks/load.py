# ruff: noqa: E402  (models can be imported once Django is set up)
"""Fills Simmer's empty, migrated database: `python -m benchmarks.load` in Simmer's environment.

Prints JSON: {"recipes": [first id, last id], "statuses": [first id, last id], "tokens": [an access token of each
customer]}.
"""

import json
from datetime import timedelta

import django

django.setup()

from django.db import connection, transaction
from django.utils import timezone

from accounts.models import Follow, Profile, Session, User
from accounts.tokens import issue_tokens
from benchmarks import data
from posts.models import Post
from recipes.models import Ingredient, Recipe, RecipeTag, Step, Tag

# What the fan-out would have written, of the newest posts of everyone whom a reader follows.
_FEEDS = """
    INSERT INTO posts_feedentry (user_id, post_id, author_id, published_at)
    SELECT reader.id, post.id, post.author_id, post.published_at
    FROM generate_series(%(first)s, %(last)s) AS reader (id), LATERAL (
        SELECT p.id, p.author_id, p.published_at FROM posts_post p
        WHERE p.status = 'published'
          AND p.author_id IN (SELECT followee_id FROM accounts_follow WHERE follower_id = reader.id)
        ORDER BY p.published_at DESC LIMIT %(length)s
    ) AS post
"""


def load() -> dict[str, list[object]]:
    with connection.cursor() as cursor:
        # No words are indexed for search, which is measured elsewhere (benchmarks/search.py): they took minutes.
        cursor.execute("SET LOCAL session_replication_role = replica")
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
    first_status, last_status = _posts(people, first)
    sessions = Session.objects.bulk_create(
        [Session(user=user, expires_at=timezone.now() + timedelta(days=1)) for user in people[data.SELLERS :]]
    )
    return {
        "recipes": [first, last],
        "statuses": [first_status, last_status],
        "tokens": [issue_tokens(session)["access"] for session in sessions],
    }


def _posts(people: list[User], first_recipe: int) -> tuple[int, int]:
    """Announcements, statuses, follows and feeds; the first and the last status."""
    author, reader = people[0].pk, people[data.SELLERS].pk
    # Each announces another one: the template's is a recipe of its own, that goes with it.
    extra = Recipe.objects.create(seller=people[0], name="template")
    template = Post.objects.create(author=people[0], kind=Post.Kind.RECIPE, announces=extra)
    data.multiply_announcement(template, first_author=author, first_recipe=first_recipe, recipe_column="announces_id")
    extra.delete()
    status = Post.objects.create(author=people[0], text="template")
    statuses = data.multiply_status(status, first_author=author)
    rows = data.follows(first_seller=author, first_customer=reader)
    Follow.objects.bulk_create(
        [Follow(follower_id=follower, followee_id=followee) for follower, followee in rows], batch_size=10_000
    )
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE posts_post; ANALYZE accounts_follow")
        cursor.execute(_FEEDS, {"first": reader, "last": reader + data.FEEDS - 1, "length": data.FEED_LENGTH})
    return statuses


if __name__ == "__main__":
    with transaction.atomic():
        print(json.dumps(load()))
