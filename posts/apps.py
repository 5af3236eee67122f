from django.apps import AppConfig


class PostsConfig(AppConfig):
    name = "posts"

    def ready(self) -> None:
        from accounts.closing import on_closing
        from accounts.staff import register_audit
        from accounts.unread import register_unread_count
        from core.metrics import register_shared
        from posts import events, handlers, recipe_social  # noqa: F401  the two first register themselves
        from posts.authorizers import readers_of_feed_event, readers_of_post
        from posts.digests.metrics import of_digests
        from posts.exports import contents
        from posts.exports.requests import forget_export
        from posts.feed import handlers as feed_handlers  # noqa: F401  registers them
        from posts.moderation.audit import person_judged, recipe_removed
        from posts.notifications import handlers as notification_handlers  # noqa: F401  registers them
        from posts.notifications.reads import unread_count
        from realtime.channels import only_that_person, register_feed_readers, register_namespace
        from recipes.removals import register_removal_audit
        from recipes.social import register_social

        contents.register()
        on_closing(forget_export)
        register_shared(of_digests)
        register_unread_count(unread_count)
        register_removal_audit(recipe_removed)
        register_audit(person_judged)
        register_social(
            fields=recipe_social.FIELDS,
            viewer_fields=recipe_social.VIEWER_FIELDS,
            annotate=recipe_social.annotate,
            shape=recipe_social.shape,
        )
        register_namespace(
            "post",
            authorize=readers_of_post,
            description="One post: its comments, likes and reposts, `post.updated/deleted`.",
            presence=True,
        )
        register_namespace(
            "feed",
            authorize=only_that_person,
            description="Hints: `post.published` by those whom a person follows.",
            server_side=True,
            recoverable=False,
        )
        register_namespace(
            "feeds",
            description="Every `post.published`, of which the hub makes the hints for `feed:{id}`.",
            internal=True,
        )
        register_feed_readers(readers_of_feed_event)
