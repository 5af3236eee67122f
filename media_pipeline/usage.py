"""What shows media: every row of any app that refers to it by a foreign key. No app has to be known or asked."""

from collections.abc import Iterator
from datetime import datetime

from django.db.models import Exists, ManyToOneRel, OuterRef

from media_pipeline.models import Media, MediaQuerySet, UploadSession


def is_shown(media: Media) -> bool:
    """A query for each kind of row that can, until one does."""
    return any(
        relation.related_model._base_manager.filter(**{relation.field.name: media}).exists() for relation in _shown_by()
    )


def unshown(*, since: datetime) -> MediaQuerySet:
    """Media made before SINCE that nothing shows."""
    found = Media.objects.filter(created_at__lt=since)
    for relation in _shown_by():
        rows = relation.related_model._base_manager.filter(**{relation.field.name: OuterRef("pk")})
        found = found.filter(~Exists(rows))
    return found


def _shown_by() -> Iterator[ManyToOneRel]:
    for relation in Media._meta.get_fields(include_hidden=True):
        # An upload has become its media, and does not show it.
        if isinstance(relation, ManyToOneRel) and relation.related_model is not UploadSession:
            yield relation
