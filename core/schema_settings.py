"""The part of the settings about the API's description (core/schema.py). Nothing of it depends on where Simmer runs."""

from typing import Any

SPECTACULAR_SETTINGS: dict[str, Any] = {
    "TITLE": "Simmer",
    "DESCRIPTION": "A live recipe-sharing network. Errors are problem+json; lists are cursor pages.",
    "VERSION": "1",
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
