"""What the network's tables hold, in Django's admin: to look at, and for moderators to decide and to remove.

All of it goes through the services of the API, which count, tell and audit what is done.
"""

from typing import TYPE_CHECKING

from django.contrib import admin, messages
from django.db.models import Q, QuerySet
from django.http import HttpRequest

from accounts.admin import staff_of
from accounts.models import User
from core.large_tables import Exactly, Key, LookedAt, LookedAtAdmin, Person, RemovedAdmin, Words, only
from posts.models import (
    Comment,
    CommentReaction,
    DataExport,
    Digest,
    DigestRun,
    FeedEntry,
    FeedRanking,
    ModerationAction,
    Notification,
    NotificationActor,
    Post,
    PostMedia,
    PostReaction,
    PostTag,
    PostView,
    Report,
    Save,
    TagTrend,
)
from posts.search import posts_with
from posts.services.comments import comment_delete
from posts.services.moderation import report_decide
from posts.services.posts import post_delete

if TYPE_CHECKING:
    MediaTabularInline = admin.TabularInline[PostMedia, Post]
else:
    MediaTabularInline = admin.TabularInline


class MediaInline(LookedAt, MediaTabularInline):
    model = PostMedia
    fields = readonly_fields = ("position", "media")


@admin.register(Post)
class PostAdmin(RemovedAdmin):
    list_display = ("id", "kind", "author", "text", "visibility", "status", "like_count", "published_at")
    list_filter = (only("scheduled", Q(status=Post.Status.SCHEDULED)),)
    list_select_related = ("author",)
    finders = (Key(), Key("recipe"), Key("original"), Person("author", only_with_at=True), Words(posts_with))
    inlines = (MediaInline,)

    def why_not(self, row: Post) -> str:
        if row.announces_id is not None:
            return "it announces a recipe: remove that"
        return "nobody sees it but its author yet" if row.status == Post.Status.SCHEDULED else ""

    def remove(self, moderator: User, row: Post) -> None:
        post_delete(user=moderator, post=row)


@admin.register(Comment)
class CommentAdmin(RemovedAdmin):
    list_display = ("id", "post_id", "parent_id", "author", "text", "is_deleted", "like_count", "created_at")
    list_select_related = ("author",)
    finders = (Key(), Key("post"), Key("parent"), Person("author"))

    def why_not(self, row: Comment) -> str:
        return "it is removed already" if row.is_deleted else ""

    def remove(self, moderator: User, row: Comment) -> None:
        comment_delete(user=moderator, comment=row)


@admin.register(Report)
class ReportAdmin(LookedAtAdmin):
    """Decisions are those of the API: one closes all open reports of the same thing."""

    list_display = ("id", "status", "reason", "target", "target_id", "reporter", "note", "created_at")
    list_filter = ("status",)
    list_select_related = ("reporter",)
    finders = (Key(), Key("post"), Key("comment"), Key("recipe"), Person("reporter", "user"))
    actions = ("remove_thing", "resolve", "dismiss", "reopen")

    def has_decide_permission(self, request: HttpRequest) -> bool:
        return staff_of(request).is_moderator

    @admin.action(description="Remove what was reported, and resolve", permissions=["decide"])
    def remove_thing(self, request: HttpRequest, reports: QuerySet[Report]) -> None:
        self._decide(request, reports, Report.Status.RESOLVED, "remove")

    @admin.action(description="Resolve", permissions=["decide"])
    def resolve(self, request: HttpRequest, reports: QuerySet[Report]) -> None:
        self._decide(request, reports, Report.Status.RESOLVED)

    @admin.action(description="Dismiss", permissions=["decide"])
    def dismiss(self, request: HttpRequest, reports: QuerySet[Report]) -> None:
        self._decide(request, reports, Report.Status.DISMISSED)

    @admin.action(description="Open again", permissions=["decide"])
    def reopen(self, request: HttpRequest, reports: QuerySet[Report]) -> None:
        self._decide(request, reports, Report.Status.OPEN)

    def _decide(self, request: HttpRequest, reports: QuerySet[Report], status: str, action: str = "none") -> None:
        chosen = list(reports.select_related("post", "comment", "recipe"))
        for report in chosen:
            report_decide(moderator=staff_of(request), report=report, status=status, action=action)
            self.log_change(request, report, f"{status}, {action}")
        self.message_user(request, f"{len(chosen)} reports: {status}.", messages.SUCCESS)


@admin.register(ModerationAction)
class ModerationActionAdmin(LookedAtAdmin):
    list_display = ("id", "action", "target", "target_id", "owner", "moderator", "note", "created_at")
    list_select_related = ("owner", "moderator")
    finders = (Key(), Key("report"), Person("owner", "moderator"))


@admin.register(Notification)
class NotificationAdmin(LookedAtAdmin):
    list_display = ("id", "recipient", "kind", "group_key", "actor_count", "is_read", "updated_at")
    list_select_related = ("recipient",)
    finders = (Key(), Key("post"), Key("recipe"), Key("comment"), Person("recipient"))


@admin.register(NotificationActor)
class NotificationActorAdmin(LookedAtAdmin):
    list_display = ("id", "notification_id", "actor", "created_at")
    list_select_related = ("actor",)
    finders = (Key(), Key("notification"), Person("actor"))


@admin.register(FeedEntry)
class FeedEntryAdmin(LookedAtAdmin):
    list_display = ("id", "user", "author", "post_id", "published_at")
    list_select_related = ("user", "author")
    finders = (Key(), Key("post"), Person("user", "author"))


@admin.register(FeedRanking)
class FeedRankingAdmin(LookedAtAdmin):
    list_display = ("id", "user", "created_at")
    list_select_related = ("user",)
    ordering = ("-created_at",)
    finders = (Key(), Person("user"))


@admin.register(PostMedia)
class PostMediaAdmin(LookedAtAdmin):
    list_display = ("id", "post_id", "position", "media_id")
    finders = (Key(), Key("post"), Key("media"))


@admin.register(PostTag)
class PostTagAdmin(LookedAtAdmin):
    list_display = ("id", "post_id", "tag", "published_at")
    list_select_related = ("tag",)
    finders = (Key(), Key("post"), Key("tag"))


@admin.register(PostReaction)
class PostReactionAdmin(LookedAtAdmin):
    list_display = ("id", "kind", "user", "post_id", "created_at")
    list_select_related = ("user",)
    finders = (Key(), Key("post"), Person("user"))


@admin.register(CommentReaction)
class CommentReactionAdmin(LookedAtAdmin):
    list_display = ("id", "kind", "user", "comment_id", "created_at")
    list_select_related = ("user",)
    finders = (Key(), Key("comment"), Person("user"))


@admin.register(Save)
class SaveAdmin(LookedAtAdmin):
    list_display = ("id", "user", "post_id", "created_at")
    list_select_related = ("user",)
    finders = (Key(), Key("post"), Person("user"))


@admin.register(PostView)
class PostViewAdmin(LookedAtAdmin):
    list_display = ("id", "user", "post_id", "day")
    list_select_related = ("user",)
    finders = (Key(), Key("post"), Person("user"))


@admin.register(TagTrend)
class TagTrendAdmin(LookedAtAdmin):
    list_display = ("tag", "score", "post_count")
    list_select_related = ("tag",)
    ordering = ("-score", "-tag")
    finders = (Key(), Exactly("tag__name"))


@admin.register(Digest)
class DigestAdmin(LookedAtAdmin):
    """The ledger: a row that is changed here could be mailed twice."""

    list_display = ("id", "user", "local_date", "timezone", "state", "tries", "note", "changed_at")
    list_filter = (
        only("ambiguous or failed", Q(state__in=[Digest.State.AMBIGUOUS, Digest.State.FAILED])),
        only("still to send", Q(state__in=Digest.OPEN)),
    )
    list_select_related = ("user",)
    finders = (Key(), Person("user"))


@admin.register(DigestRun)
class DigestRunAdmin(LookedAtAdmin):
    list_display = ("id", "local_date", "timezone", "created_at")


@admin.register(DataExport)
class DataExportAdmin(LookedAtAdmin):
    """Who asked for theirs, and how it went. What is in it is for its owner alone."""

    list_display = ("id", "user", "status", "requested_at", "ready_at", "expires_at", "size")
    list_select_related = ("user",)
    ordering = ("-requested_at",)
    finders = (Key(), Person("user"))
