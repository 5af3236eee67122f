"""Rows for tests. What a test is about goes through the API; this makes what has to be there before."""

from typing import Any

import factory
from django.contrib.auth.hashers import make_password
from django.db.models import F
from django.utils import timezone

from accounts.models import Profile, User
from posts.models import Comment, Post
from posts.publication import write_tags
from recipes.models import Recipe

PASSWORD = "correct horse battery"


class UserFactory(factory.django.DjangoModelFactory[User]):
    """A customer with a profile and a confirmed e-mail address, whose password is PASSWORD."""

    class Meta:
        model = User

    username = factory.Sequence(lambda number: f"person{number}")
    email = factory.LazyAttribute(lambda user: f"{user.username}@example.com")
    password = factory.LazyFunction(lambda: make_password(PASSWORD))
    email_verified_at = factory.LazyFunction(timezone.now)
    role = User.Role.CUSTOMER


class SellerFactory(UserFactory):
    username = factory.Sequence(lambda number: f"seller{number}")
    role = User.Role.SELLER


class RecipeFactory(factory.django.DjangoModelFactory[Recipe]):
    """A seller's recipe without image, tags, ingredients and steps; announced, and counted in the seller's profile."""

    class Meta:
        model = Recipe

    seller: Any = factory.SubFactory(SellerFactory)
    name = factory.Sequence(lambda number: f"Soup number {number}")
    description = "Hot."

    @classmethod
    def _create(cls, model_class: type[Recipe], *args: Any, **kwargs: Any) -> Recipe:
        recipe = super()._create(model_class, *args, **kwargs)
        Profile.objects.filter(user=recipe.seller_id).update(recipe_count=F("recipe_count") + 1)
        Post.objects.create(author=recipe.seller, kind=Post.Kind.RECIPE, announces=recipe, tag_names=recipe.tag_names)
        return recipe


class PostFactory(factory.django.DjangoModelFactory[Post]):
    """A published post, or with `original` a repost of it; found by its `tag_names`, counted, in nobody's feed."""

    class Meta:
        model = Post

    author: Any = factory.SubFactory(UserFactory)
    kind = factory.LazyAttribute(lambda post: Post.Kind.REPOST if post.original else Post.Kind.STATUS)
    original: Any = None
    text = factory.LazyAttribute(lambda post: "" if post.original else "Dinner is ready.")

    @classmethod
    def _create(cls, model_class: type[Post], *args: Any, **kwargs: Any) -> Post:
        post = super()._create(model_class, *args, **kwargs)
        if post.status == Post.Status.PUBLISHED:
            write_tags(post)
            if post.kind == Post.Kind.STATUS:
                Profile.objects.filter(user=post.author_id).update(post_count=F("post_count") + 1)
        if post.original is not None:
            Post.objects.filter(pk=post.original_id).update(repost_count=F("repost_count") + 1)
        return post


class CommentFactory(factory.django.DjangoModelFactory[Comment]):
    """A comment on a post, or with `parent` a reply to one of its comments; counted where it stands."""

    class Meta:
        model = Comment

    post: Any = factory.LazyAttribute(lambda comment: comment.parent.post if comment.parent else PostFactory())
    parent: Any = None
    author: Any = factory.SubFactory(UserFactory)
    text = "Looks good."

    @classmethod
    def _create(cls, model_class: type[Comment], *args: Any, **kwargs: Any) -> Comment:
        comment = super()._create(model_class, *args, **kwargs)
        Post.objects.filter(pk=comment.post_id).update(comment_count=F("comment_count") + 1)
        if comment.parent_id is not None:
            Comment.objects.filter(pk=comment.parent_id).update(reply_count=F("reply_count") + 1)
        return comment
