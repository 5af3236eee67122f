"""Media and uploads in the admin: to look at, and to delete by the services that take the files, too."""

from typing import Any

from django.contrib import admin
from django.db.models import Q

from core.large_tables import Key, LookedAtAdmin, Person, RemovedAdmin, only
from media_pipeline.models import Extent, Media, UploadSession
from media_pipeline.services import media_delete
from media_pipeline.sessions import upload_abort


@admin.register(Media)
class MediaAdmin(RemovedAdmin):
    """Only what nothing shows can be deleted: the rest goes with what shows it."""

    list_display = ["id", "owner", "kind", "status", "error", "content_type", "width", "height", "created_at"]
    list_filter = [
        only("failed", Q(status=Media.Status.FAILED)),
        only("not ready yet", Q(status__in=[Media.Status.PENDING, Media.Status.PROCESSING])),
    ]
    list_select_related = ["owner"]
    ordering = ("-created_at",)
    finders = (Key(), Person("owner"))

    def remove(self, moderator: Any, row: Media) -> None:
        media_delete(media=row)


@admin.register(UploadSession)
class UploadSessionAdmin(RemovedAdmin):
    """Deleting one gives it up and frees its bytes. What is complete has media of its own."""

    list_display = ["id", "owner", "state", "length", "chunk_size", "is_partial", "expires_at", "media", "created_at"]
    list_filter = [only("open", Q(state=UploadSession.State.OPEN))]
    list_select_related = ["owner", "media"]
    ordering = ("-created_at",)
    finders = (Key(), Key("media"), Person("owner"))

    def why_not(self, row: UploadSession) -> str:
        return "" if row.state == UploadSession.State.OPEN else "it is not open"

    def remove(self, moderator: Any, row: UploadSession) -> None:
        upload_abort(session=row)


@admin.register(Extent)
class ExtentAdmin(LookedAtAdmin):
    list_display = ["id", "session_id", "offset", "length"]
    finders = (Key(), Key("session"))
