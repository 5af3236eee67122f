from django.apps import AppConfig


class PostsConfig(AppConfig):
    name = "posts"

    def ready(self) -> None:
        from accounts.unread import register_unread_count
        from posts import events  # noqa: F401  registers the event types
        from posts.notifications import handlers as notification_handlers  # noqa: F401  registers them
        from posts.notifications.reads import unread_count

        register_unread_count(unread_count)
