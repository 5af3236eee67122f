"""What the network's tables hold, in Django's admin: to look at.

Staff decide through the API, which counts, tells and audits what they do.
"""

from typing import TYPE_CHECKING, Any

from django.contrib import admin
from django.http import HttpRequest

from posts.models import (
    Digest,
    DigestRun,
    FeedEntry,
    FeedRanking,
    ModerationAction,
    Notification,
    NotificationActor,
    Post,
    PostMedia,
    Report,
)

if TYPE_CHECKING:
    NotificationModelAdmin = admin.ModelAdmin[Notification]
    ReportModelAdmin = admin.ModelAdmin[Report]
    ActionModelAdmin = admin.ModelAdmin[ModerationAction]
    EntryModelAdmin = admin.ModelAdmin[FeedEntry]
    RankingModelAdmin = admin.ModelAdmin[FeedRanking]
    ActorTabularInline = admin.TabularInline[NotificationActor, Notification]
    DigestModelAdmin = admin.ModelAdmin[Digest]
    RunModelAdmin = admin.ModelAdmin[DigestRun]
    PostModelAdmin = admin.ModelAdmin[Post]
    MediaTabularInline = admin.TabularInline[PostMedia, Post]
else:
    PostModelAdmin, MediaTabularInline = admin.ModelAdmin, admin.TabularInline
    NotificationModelAdmin = ReportModelAdmin = ActionModelAdmin = admin.ModelAdmin
    EntryModelAdmin = RankingModelAdmin = admin.ModelAdmin
    DigestModelAdmin = RunModelAdmin = admin.ModelAdmin
    ActorTabularInline = admin.TabularInline


class LookedAt:
    """Nothing is added, changed or deleted."""

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


class ActorInline(LookedAt, ActorTabularInline):
    model = NotificationActor
    fields = readonly_fields = ("actor", "created_at")


class MediaInline(LookedAt, MediaTabularInline):
    model = PostMedia
    fields = readonly_fields = ("position", "media")


@admin.register(Post)
class PostAdmin(LookedAt, PostModelAdmin):
    list_display = ("id", "kind", "author", "text", "visibility", "status", "like_count", "published_at")
    list_filter = ("kind", "status", "visibility", "published_at")
    list_select_related = ("author",)
    search_fields = ("=author__username", "text")
    ordering = ("-id",)
    inlines = (MediaInline,)
    show_full_result_count = False


@admin.register(Notification)
class NotificationAdmin(LookedAt, NotificationModelAdmin):
    list_display = ("id", "recipient", "kind", "group_key", "actor_count", "is_read", "updated_at")
    list_filter = ("kind", "is_read", "updated_at")
    list_select_related = ("recipient",)
    search_fields = ("recipient__username", "group_key")
    ordering = ("-id",)
    inlines = (ActorInline,)
    show_full_result_count = False


@admin.register(Report)
class ReportAdmin(LookedAt, ReportModelAdmin):
    list_display = ("id", "status", "reason", "target", "target_id", "reporter", "created_at")
    list_filter = ("status", "reason", "target", "created_at")
    list_select_related = ("reporter",)
    search_fields = ("reporter__username", "note", "target_id")
    ordering = ("-id",)
    show_full_result_count = False


@admin.register(ModerationAction)
class ModerationActionAdmin(LookedAt, ActionModelAdmin):
    list_display = ("id", "action", "target", "target_id", "owner", "moderator", "created_at")
    list_filter = ("action", "target", "created_at")
    list_select_related = ("owner", "moderator")
    search_fields = ("owner__username", "moderator__username", "note", "target_id")
    ordering = ("-id",)
    show_full_result_count = False


@admin.register(FeedEntry)
class FeedEntryAdmin(LookedAt, EntryModelAdmin):
    list_display = ("id", "user", "author", "post_id", "published_at")
    list_select_related = ("user", "author")
    search_fields = ("=user__username", "=author__username")
    ordering = ("-id",)
    show_full_result_count = False


@admin.register(FeedRanking)
class FeedRankingAdmin(LookedAt, RankingModelAdmin):
    list_display = ("id", "user", "created_at")
    list_select_related = ("user",)
    search_fields = ("=user__username",)
    ordering = ("-created_at",)
    show_full_result_count = False


@admin.register(Digest)
class DigestAdmin(LookedAt, DigestModelAdmin):
    """The ledger: a row that is changed here could be mailed twice."""

    list_display = ("id", "user", "local_date", "timezone", "state", "tries", "note", "changed_at")
    list_filter = ("state", "local_date")
    list_select_related = ("user",)
    search_fields = ("=user__username",)
    ordering = ("-id",)
    show_full_result_count = False


@admin.register(DigestRun)
class DigestRunAdmin(LookedAt, RunModelAdmin):
    list_display = ("id", "local_date", "timezone", "created_at")
    list_filter = ("local_date",)
    search_fields = ("=timezone",)
    ordering = ("-id",)
    show_full_result_count = False
