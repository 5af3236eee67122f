"""What recipes do when something happens below them, in the same transaction."""

from media_pipeline.events import MediaReady
from realtime.events import on
from recipes.services import recipe_image_changed


@on(MediaReady)
def show_image(event: MediaReady) -> None:
    recipe_image_changed(media_id=event.id)
