"""A network that looks alive, for a first look and for client developers. Everything goes through the services."""

import random
import time
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

import orjson
from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.db import transaction

from accounts.models import User
from core.demo import DEMO_PASSWORD, DEMO_PEOPLE
from posts.demo.conversation import comment_on, delete_conversation, like, make_conversation
from posts.models import Post
from recipes import demo
from recipes.demo.network import (
    EMAIL_DOMAIN,
    any_score,
    delete_people,
    make_follows,
    make_people,
    make_ratings,
    make_recipes,
)
from recipes.models import Rating, Recipe
from recipes.services import recipe_rate


class Command(BaseCommand):
    """Demo people, recipes with drawn photos, follows, ratings, posts, comments and likes.

    All of it is loaded or, when the command is interrupted, none. Run again, it adds only what is missing. The photos
    become ready once a worker runs. The people's password is public: without DEBUG the command needs --force.
    """

    help = __doc__ or ""

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--reset", action="store_true", help="delete the demo people and all of theirs first")
        parser.add_argument("--force", action="store_true", help="also without DEBUG: anybody can sign in as them")
        parser.add_argument("--if-unused", action="store_true", help="only into a database without recipes")
        parser.add_argument(
            "--live", type=float, default=0, metavar="SECONDS", help="then go on rating, liking, commenting for so long"
        )

    def handle(self, *, reset: bool, live: float, force: bool, if_unused: bool, **options: Any) -> None:
        if not settings.DEBUG and not force:
            raise CommandError(
                "The demo people have a published password, so anybody could sign in as them. In development set "
                "DEBUG=True; anywhere else add --force."
            )
        if if_unused:
            if Recipe.objects.exists():
                return
            self.stdout.write("There are no recipes yet: loading the demo data (once, some seconds).")
        content = orjson.loads((Path(demo.__file__).parent / "content.json").read_bytes())
        with transaction.atomic():
            customers = self._load(content, reset=reset)
        if live:
            self._live([user for user in customers if user.username not in DEMO_PEOPLE.values()], live)

    def _load(self, content: dict[str, Any], *, reset: bool) -> list[User]:
        """Add what is missing; the demo customers."""
        # Always the same network, but for what people did to it since.
        rng = random.Random("simmer")  # noqa: S311  (no secrets)
        if reset:
            names = [person["username"] for person in content["people"]]
            delete_conversation(names)
            delete_people(names)
        people = make_people(content["people"])
        recipes = make_recipes(content["recipes"], people, rng)
        make_follows(list(people.values()), rng)
        customers = [user for user in people.values() if user.role == User.Role.CUSTOMER]
        make_ratings(recipes, customers, content["reviews"], rng)
        posts = make_conversation(people, recipes, rng)
        sign_in = " or ".join(DEMO_PEOPLE.values())
        self.stdout.write(
            f"{len(people)} people, {len(recipes)} recipes, {posts} posts. Sign in as {sign_in}: {DEMO_PASSWORD}"
        )
        return customers

    def _live(self, customers: list[User], seconds: float) -> None:
        """Somebody rates, likes or says something every second or so."""
        rng = random.Random()  # noqa: S311
        until = time.monotonic() + seconds
        recipes = list(Recipe.objects.filter(seller__email__endswith=f"@{EMAIL_DOMAIN}").order_by("-id"))
        posts = list(Post.objects.filter(author__email__endswith=f"@{EMAIL_DOMAIN}", original=None).order_by("-id"))
        while (left := until - time.monotonic()) > 0:
            time.sleep(min(left, rng.uniform(0.3, 1.5)))
            user = rng.choice(customers)
            what = rng.random()
            if what < 0.5:
                self._rate(user, rng.choice(recipes), rng)
            elif what < 0.8:
                post = rng.choice(posts)
                self.stdout.write(f"{user.shown_name} likes post {post.pk}: {like(user, post)} likes")
            else:
                post = rng.choice(posts)
                self.stdout.write(f"{user.shown_name} to post {post.pk}: {comment_on(user, post, rng)}")

    def _rate(self, user: User, recipe: Recipe, rng: random.Random) -> None:
        before = Rating.objects.filter(user=user, recipe=recipe).values_list("score", flat=True).first()
        while (score := any_score(rng)) == before:
            pass
        _, aggregates, _ = recipe_rate(user=user, recipe=recipe, score=score, review="")
        self.stdout.write(f"{recipe.name}: {aggregates.avg_rating} of {aggregates.rating_count}")
