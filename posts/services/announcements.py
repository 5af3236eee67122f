"""A recipe's announcement follows its recipe: made, tagged and deleted in the recipe's own transaction."""

from typing import Any

from django.db import transaction

from posts.events import PostDeleted
from posts.models import Post
from posts.publication import publish, write_tags
from posts.services.reposts import tell_of_reposts
from realtime.events import Actor
from realtime.outbox import record
from recipes.models import Recipe


@transaction.atomic
def announcement_create(*, recipe_id: int) -> Post:
    """Announces a recipe that was just published. Raises IntegrityError when it has been announced already."""
    recipe = Recipe.objects.select_related("seller__profile__picture").get(pk=recipe_id)
    post = Post.objects.create(
        author=recipe.seller, kind=Post.Kind.RECIPE, announces=recipe, tag_names=recipe.tag_names
    )
    publish(post, author=recipe.seller, media=[])
    return post


@transaction.atomic
def announcement_update(*, recipe_id: int, tags: list[str]) -> None:
    """Has the announcement found by the recipe's TAGS; nothing happens when it is already."""
    post = _locked().filter(announces=recipe_id).first()
    if post is None or post.tag_names == tags:
        return
    post.tag_names = tags
    post.save(update_fields=["tag_names"])
    write_tags(post)


@transaction.atomic
def announcement_delete(*, recipe_id: int, actor: Actor | None) -> None:
    """Tells the readers of the announcement that it goes, and lets nobody add to it; the recipe takes it along."""
    post = _locked().filter(announces=recipe_id).first()
    if post is not None:
        record(PostDeleted(actor=actor, post_id=post.pk))
        tell_of_reposts(post)


def _locked() -> Any:
    return Post.objects.select_for_update()
