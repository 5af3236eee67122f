"""The demo people with their recipes, follows and ratings. Everything goes through the services."""

import random
from datetime import timedelta
from typing import Any

from django.contrib.auth.hashers import make_password
from django.core.management.base import CommandError
from django.db import transaction
from django.utils import timezone

from accounts.models import Follow, User
from accounts.services.follows import follow, unfollow
from accounts.services.preferences import preferences_update
from accounts.services.profiles import profile_update
from core.demo import DEMO_PASSWORD
from recipes.demo.photos import draw_dish
from recipes.models import Rating, Recipe
from recipes.quantities import parse_line
from recipes.services import rating_delete, recipe_create, recipe_delete, recipe_rate
from recipes.tags import normal_tag

EMAIL_DOMAIN = "example.com"
# Who rates likes most things: shares of 1 to 5 stars.
SCORES = (2, 4, 12, 34, 48)


def delete_people(names: list[str]) -> None:
    """The demo people with all that is theirs, one event each, as if they had done it themselves."""
    for user in User.objects.filter(username__in=names, email__endswith=f"@{EMAIL_DOMAIN}"):
        for recipe in Recipe.objects.filter(seller=user):
            recipe_delete(user=user, recipe=recipe)
        for rating in Rating.objects.filter(user=user).select_related("recipe"):
            rating_delete(user=user, recipe=rating.recipe)
        for row in Follow.objects.filter(follower=user).select_related("followee"):
            unfollow(follower=user, followee=row.followee)
        for row in Follow.objects.filter(followee=user).select_related("follower__profile__picture"):
            unfollow(follower=row.follower, followee=user)
        user.delete()


def make_people(content: list[dict[str, str]]) -> dict[str, User]:
    """By username. A CommandError when one of the names is taken by somebody real."""
    password = make_password(DEMO_PASSWORD)  # once: Argon2 takes its time
    people = {}
    for person in content:
        name, email = person["username"], f"{person['username']}@{EMAIL_DOMAIN}"
        user = User.objects.named(name).first()
        if user is None:
            user = User(username=name, email=email, role=person["role"], display_name=person["display_name"])
            user.password = password
            user.save()
            profile_update(user=user, changes={"bio": person["bio"]})
            # Nobody reads mail at example.com.
            preferences_update(user=user, changes={"digest": False, "email_notifications": False})
        elif user.email != email:
            raise CommandError(f"There is a {name} who is no demo person: this database is in use.")
        people[name] = User.objects.select_related("profile__picture").get(pk=user.pk)
    return people


def make_recipes(content: list[dict[str, Any]], people: dict[str, User], rng: random.Random) -> list[Recipe]:
    """All of them, those that exist included, the oldest first."""
    recipes = []
    # The last of the list is the newest, a few hours old; the first is from last month.
    age = timedelta(days=30) / len(content)
    for number, entry in enumerate(content):
        seller, hours = people[entry["seller"]], rng.uniform(0, 10)
        recipe = Recipe.objects.filter(seller=seller, name=entry["name"]).first()
        if recipe is None:
            with transaction.atomic():
                recipe = recipe_create(
                    user=seller,
                    content={
                        "name": entry["name"],
                        "description": entry["description"],
                        "servings": entry["servings"],
                        "prep_minutes": entry["prep_minutes"],
                        "cook_minutes": entry["cook_minutes"],
                        "tags": [normal_tag(tag) for tag in entry["tags"]],
                        "ingredients": [parse_line(line) for line in entry["ingredients"]],
                        "steps": [(step["text"], step["timer_seconds"]) for step in entry["steps"]],
                        "image": draw_dish(
                            entry["name"], entry["kind"], eggs="eggs" in entry["tags"] or "egg" in entry["description"]
                        ),
                    },
                )
                published = timezone.now() - age * (len(content) - number) - timedelta(hours=hours)
                Recipe.objects.filter(pk=recipe.pk).update(created_at=published, updated_at=published)
        recipes.append(recipe)
    return recipes


def make_follows(people: list[User], rng: random.Random) -> None:
    """Some five each."""
    for follower in people:
        for followee in rng.sample(people, 5):
            if follower != followee:
                follow(follower=follower, followee=followee)


def make_ratings(
    recipes: list[Recipe], customers: list[User], reviews: dict[str, list[str]], rng: random.Random
) -> None:
    """Some for each recipe, two in five with a review."""
    rated = set(Rating.objects.filter(user__in=customers).values_list("recipe_id", "user_id"))
    for recipe in recipes:
        liked = rng.uniform(-1.2, 0.6)
        for user in rng.sample(customers, rng.randint(1, len(customers))):
            score = min(5, max(1, round(any_score(rng) + liked)))
            review = rng.choice(reviews[str(score)]) if rng.random() < 0.4 else ""
            if (recipe.pk, user.pk) not in rated:
                recipe_rate(user=user, recipe=recipe, score=score, review=review)


def any_score(rng: random.Random) -> int:
    """1 to 5, as people rate."""
    return rng.choices((1, 2, 3, 4, 5), weights=SCORES)[0]
