from django.apps import AppConfig


class PostsConfig(AppConfig):
    name = "posts"

    def ready(self) -> None:
        from accounts.unread import register_unread_count
        from posts import events, handlers, recipe_social  # noqa: F401  the two first register themselves
        from posts.authorizers import readers_of_post
        from posts.feed import handlers as feed_handlers  # noqa: F401  registers them
        from posts.notifications import handlers as notification_handlers  # noqa: F401  registers them
        from posts.notifications.reads import unread_count
        from realtime.channels import register_namespace
        from recipes.social import register_social

        register_unread_count(unread_count)
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
        )
