"""What an author puts into a post, published or not yet: text, media, a recipe; checked and written alike for both."""

from collections.abc import Sequence
from typing import Any, TypedDict
from uuid import UUID

from accounts.models import User
from core.errors import Conflict, Forbidden, Invalid, NotFound
from media_pipeline.models import Media
from media_pipeline.services import images_create, media_discard
from media_pipeline.shapes import media_shape
from posts.models import Post, PostMedia
from posts.text import hashtags
from recipes.models import Recipe

TAGS_MAX = 30
PICTURES_MAX = 10


class PostContent(TypedDict, total=False):
    """What an author may set. `images` are the bytes of new pictures, shown after those of `media_ids`.

    In a change, what is absent stays; either of the two replaces all media.
    """

    text: str
    visibility: str
    media_ids: list[UUID]
    images: list[bytes]
    recipe_id: int | None


def require_author(user: User, post: Post) -> None:
    if post.author_id != user.pk:
        raise Forbidden("Only its author may change a post.", code="not_author")


def require_own_words(post: Post) -> None:
    """Announcements are changed with their recipe, and in a repost there is nothing to change."""
    if post.kind == Post.Kind.RECIPE:
        raise Conflict("This post announces a recipe: change or delete the recipe instead.", code="announcement")
    if post.kind == Post.Kind.REPOST:
        raise Conflict("A repost has no words of its own: take it back instead.", code="repost")


def lock_post(post: Post) -> Post:
    """The post as it is now, to which nobody else does anything until the commit. NotFound when it is gone."""
    locked = Post.objects.select_for_update(of=("self",)).filter(pk=post.pk).first()
    if locked is None:
        raise NotFound("There is no such post.")
    return locked


def set_content(*, user: User, post: Post, content: PostContent) -> list[str]:
    """Puts all of CONTENT but its media into POST, in memory. Returns the names of the fields that differ now.

    Raises Invalid for more than 30 hashtags and for a recipe that the person may not see.
    """
    changed: list[str] = []
    if "text" in content and content["text"] != post.text:
        post.text = content["text"]
        changed.append("text")
    if "visibility" in content and content["visibility"] != post.visibility:
        post.visibility = content["visibility"]
        changed.append("visibility")
    if "recipe_id" in content and content["recipe_id"] != post.recipe_id:
        post.recipe = _recipe_of(user, content["recipe_id"])
        changed.append("recipe")
    if "text" in changed:
        tags = hashtags(post.text)
        if len(tags) > TAGS_MAX:
            raise _invalid("text", f"At most {TAGS_MAX} different hashtags; these are {len(tags)}.")
        if tags != post.tag_names:
            post.tag_names = tags
            changed.append("tag_names")
    return changed


def take_media(*, user: User, content: PostContent) -> list[Media] | None:
    """The media that CONTENT asks for, locked, those of new pictures included; None when it asks for no change.

    Raises Invalid unless they are the person's own, none of them broken, at most ten pictures or one video. Call it
    before the post is locked: the image task holds its picture, too, when it tells the posts that show it.
    """
    if "media_ids" not in content and "images" not in content:
        return None
    ids, images = content.get("media_ids", []), content.get("images", [])
    _check_count(len(set(ids)) + len(images))
    # The new ones first: the person is locked before media of theirs are, as by whoever takes a picture away.
    new = images_create(owner=user, datas=images) if images else []
    own = Media.objects.select_for_update(no_key=True).filter(owner=user, pk__in=ids).order_by("pk")
    found = {media.pk: media for media in own}
    if unknown := [str(media_id) for media_id in ids if media_id not in found]:
        raise _invalid("media_ids", f"You have no such media: {', '.join(unknown)}.")
    media = [found[media_id] for media_id in dict.fromkeys(ids)]
    if broken := [str(one.pk) for one in media if one.status == Media.Status.FAILED]:
        raise _invalid("media_ids", f"These could not be processed: {', '.join(broken)}.")
    if any(one.kind == Media.Kind.VIDEO for one in media):
        _check_count(len(media) + len(new), most=1)
    return [*media, *new]


def _check_count(count: int, most: int = PICTURES_MAX) -> None:
    if count > most:
        raise _invalid("media_ids", f"At most {PICTURES_MAX} pictures, or one video.")


def write_media(*, post: Post, media: Sequence[Media]) -> bool:
    """Makes POST show MEDIA in this order; whether that is a change. What it no longer shows is discarded."""
    before = media_of(post)
    if before == list(media):
        return False
    PostMedia.objects.filter(post=post).delete()
    PostMedia.objects.bulk_create(
        PostMedia(post=post, media=one, position=position) for position, one in enumerate(media, 1)
    )
    for one in before:
        if one not in media:
            media_discard(media=one)
    return True


def require_something(post: Post, media: Sequence[Media]) -> None:
    if not (post.text.strip() or media or post.recipe_id):
        raise _invalid("text", "Write something, or show media or a recipe.")


def media_of(post: Post) -> list[Media]:
    """One query."""
    return [shown.media for shown in PostMedia.objects.filter(post=post).select_related("media")]


def media_shapes(media: Sequence[Media]) -> list[dict[str, Any]]:
    return [{**media_shape(one)} for one in media]


def _recipe_of(user: User, recipe_id: int | None) -> Recipe | None:
    if recipe_id is None:
        return None
    # Locked, for it may be on its way out: then it is no recipe, and else its deletion finds the post. Of a post that
    # is changed, that is locked first; whoever holds the recipe waits for no post but those that show it already.
    visible = Recipe.objects.visible_to(user).select_for_update(of=("self",), no_key=True)
    recipe = visible.filter(pk=recipe_id).first()
    if recipe is None:
        raise _invalid("recipe_id", "There is no such recipe.")
    return recipe


def _invalid(field: str, message: str) -> Invalid:
    return Invalid(message, errors={field: [message]})
