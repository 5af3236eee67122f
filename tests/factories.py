"""Rows for tests. What a test is about goes through the API; this makes what has to be there before."""

from typing import Any

import factory
from django.contrib.auth.hashers import make_password

from accounts.models import User
from recipes.models import Recipe

PASSWORD = "correct horse battery"


class UserFactory(factory.django.DjangoModelFactory[User]):
    """A customer with a profile, whose password is PASSWORD."""

    class Meta:
        model = User

    username = factory.Sequence(lambda number: f"person{number}")
    email = factory.LazyAttribute(lambda user: f"{user.username}@example.com")
    password = factory.LazyFunction(lambda: make_password(PASSWORD))
    role = User.Role.CUSTOMER


class SellerFactory(UserFactory):
    username = factory.Sequence(lambda number: f"seller{number}")
    role = User.Role.SELLER


class RecipeFactory(factory.django.DjangoModelFactory[Recipe]):
    """A seller's recipe without image, tags, ingredients and steps. Counters of the seller stay as they are."""

    class Meta:
        model = Recipe

    seller: Any = factory.SubFactory(SellerFactory)
    name = factory.Sequence(lambda number: f"Soup number {number}")
    description = "Hot."
