"""Rows for tests. What a test is about goes through the API; this makes what has to be there before."""

from typing import Any

import factory
from django.contrib.auth.hashers import make_password
from django.db.models import F

from accounts.models import Profile, User
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
    """A seller's recipe without image, tags, ingredients and steps; counted in the seller's profile."""

    class Meta:
        model = Recipe

    seller: Any = factory.SubFactory(SellerFactory)
    name = factory.Sequence(lambda number: f"Soup number {number}")
    description = "Hot."

    @classmethod
    def _create(cls, model_class: type[Recipe], *args: Any, **kwargs: Any) -> Recipe:
        recipe = super()._create(model_class, *args, **kwargs)
        Profile.objects.filter(user=recipe.seller_id).update(recipe_count=F("recipe_count") + 1)
        return recipe
