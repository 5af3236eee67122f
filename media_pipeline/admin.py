"""Media and uploads in the admin: to look at and to delete (the sweep takes the files); they come by the API alone."""

from typing import TYPE_CHECKING

from django.contrib import admin
from django.http import HttpRequest

from media_pipeline.models import Media, UploadSession

if TYPE_CHECKING:
    MediaModelAdmin = admin.ModelAdmin[Media]
    UploadModelAdmin = admin.ModelAdmin[UploadSession]
else:
    MediaModelAdmin = UploadModelAdmin = admin.ModelAdmin


@admin.register(Media)
class MediaAdmin(MediaModelAdmin):
    list_display = ["id", "owner", "kind", "status", "error", "content_type", "width", "height", "created_at"]
    list_filter = ["status", "error", "kind", "content_type"]
    search_fields = ["=id", "owner__username"]
    list_select_related = ["owner"]
    date_hierarchy = "created_at"
    show_full_result_count = False

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Media | None = None) -> bool:
        return False


@admin.register(UploadSession)
class UploadSessionAdmin(UploadModelAdmin):
    list_display = ["id", "owner", "state", "length", "chunk_size", "is_partial", "expires_at", "media", "created_at"]
    list_filter = ["state", "is_partial"]
    search_fields = ["=id", "owner__username"]
    list_select_related = ["owner", "media"]
    date_hierarchy = "created_at"
    show_full_result_count = False

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: UploadSession | None = None) -> bool:
        return False
