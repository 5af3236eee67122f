"""What posts do when something happens below them, in the same transaction."""

from uuid import UUID

from media_pipeline.events import MediaReady
from posts.services.announcements import announcement_create, announcement_delete, announcement_update
from posts.services.posts import post_media_changed
from realtime.events import on
from recipes.events import RecipeDeleted, RecipePublished, RecipeUpdated


@on(RecipePublished)
def announce(event: RecipePublished) -> None:
    announcement_create(recipe_id=event.recipe_id)


@on(RecipeUpdated)
def keep_tags_equal(event: RecipeUpdated) -> None:
    announcement_update(recipe_id=event.recipe_id, tags=event.tags)


@on(RecipeDeleted)
def close_announcement(event: RecipeDeleted) -> None:
    announcement_delete(recipe_id=event.recipe_id, actor=event.actor)


@on(MediaReady)
def show_media(event: MediaReady) -> None:
    post_media_changed(media_id=UUID(event.id))
