"""The part of the settings about the API's description (core/schema.py). Nothing of it depends on where Simmer runs."""

from typing import Any

SPECTACULAR_SETTINGS: dict[str, Any] = {
    "TITLE": "Simmer",
    "DESCRIPTION": "A live recipe-sharing network. Errors are problem+json; lists are cursor pages.",
    "VERSION": "1",
    "LICENSE": {"name": "MIT", "identifier": "MIT"},
    # The paths are absolute; an installation's address is where its description was read.
    "SERVERS": [{"url": "/"}],
    "TAGS": [
        {"name": "auth", "description": "Registering, signing in, passwords and e-mail addresses."},
        {"name": "oauth", "description": "OAuth 2 for apps of others: code with PKCE, refresh, revocation."},
        {"name": "me", "description": "Your account: profile, pictures, preferences, sessions, export."},
        {"name": "users", "description": "Other people: profiles, follows, blocks, mutes."},
        {"name": "recipes", "description": "Recipes and their ratings; import and JSON-LD."},
        {"name": "posts", "description": "Posts, reposts, scheduled posts."},
        {"name": "scheduled posts", "description": "Posts that are published later: list, change, cancel."},
        {"name": "comments", "description": "Comments and replies on posts and recipes."},
        {"name": "reactions", "description": "Likes, dislikes, saves and views."},
        {"name": "discovery", "description": "The home feed, search, tags and suggestions."},
        {"name": "notifications", "description": "Notifications, read and unread."},
        {"name": "media", "description": "Pictures and videos of their owner."},
        {"name": "uploads", "description": "Uploads in chunks that resume: by chunk number, or tus 1.0."},
        {"name": "realtime", "description": "Tickets for sockets, and server-sent events. The socket: /api/asyncapi/."},
        {"name": "moderation", "description": "Reports, and what moderators decide about them."},
    ],
    "OAS_VERSION": "3.1.0",
    "SERVE_INCLUDE_SCHEMA": False,
    "SWAGGER_UI_DIST": "SIDECAR",
    "SWAGGER_UI_FAVICON_HREF": "SIDECAR",
    "REDOC_DIST": "SIDECAR",
    "COMPONENT_SPLIT_REQUEST": True,
    "SCHEMA_PATH_PREFIX": r"/api/",
    # Choices of the same name that differ by resource.
    "ENUM_NAME_OVERRIDES": {
        "PostKind": "posts.models.Post.Kind",
        "NotificationKind": "posts.models.Notification.Kind",
        "MediaKind": "media_pipeline.models.Media.Kind",
        "SuggestionReasonKind": ["followed_by", "shared_tags", "popular"],
        "PostVisibility": "posts.models.Post.Visibility",
        "RecipeVisibility": "recipes.models.Recipe.Visibility",
        "PostStatus": "posts.models.Post.Status",
        "UploadState": ["open", "sealed", "processing", "ready", "failed"],
        "MediaStatus": "media_pipeline.models.Media.Status",
        "ReportStatus": "posts.models.Report.Status",
        "ModerationActionKind": "posts.models.ModerationAction.Action",
    },
    "POSTPROCESSING_HOOKS": [
        "drf_spectacular.hooks.postprocess_schema_enums",
        "core.schema.add_shared_components",
    ],
}
