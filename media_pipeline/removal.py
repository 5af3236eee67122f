"""The end of media: deleted, taken out of what showed them, or never shown. Others know it by `services`."""

import contextlib

from django.db import transaction

from core import errors
from media_pipeline import storage
from media_pipeline.models import Media
from media_pipeline.usage import is_shown


@transaction.atomic
def media_delete(*, media: Media) -> None:
    """Deletes the media, and its files after the commit. Raises Conflict while something shows it.

    Whoever makes something show it locks it first: it is shown before this looks, or is no longer there.
    """
    locked = Media.objects.select_for_update().filter(pk=media.pk).first()
    if locked is None:
        return
    if is_shown(locked):
        raise errors.Conflict("Something still shows this picture: take it out there first.", code="in_use")
    original, renditions = locked.original, storage.renditions_folder(locked.id)
    is_withdrawn = locked.is_withdrawn
    locked.delete()

    def delete_files() -> None:
        private, public = storage.private_storage(), storage.public_storage()
        if is_withdrawn:
            storage.delete_quietly(private, storage.withdrawn(original))
            storage.delete_folder(private, storage.withdrawn(renditions))
        else:
            storage.delete_quietly(private, original)
            storage.delete_folder(public, renditions)

    transaction.on_commit(delete_files)


def media_discard(*, media: Media) -> None:
    """Deletes what its owner took out of something, unless something else of theirs shows it.

    After the commit, for the image task, too, holds the picture while it waits for what shows it.
    """

    def delete() -> None:
        with contextlib.suppress(errors.Conflict):
            media_delete(media=media)

    transaction.on_commit(delete, robust=True)
