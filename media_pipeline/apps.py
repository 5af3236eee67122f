from typing import Any

from django.apps import AppConfig
from django.conf import settings
from django.core.checks import CheckMessage, Warning, register


class MediaPipelineConfig(AppConfig):
    name = "media_pipeline"

    def ready(self) -> None:
        from media_pipeline import exports, withdrawal  # noqa: F401  withdrawal registers its handlers

        exports.register()
        register(ffmpeg_is_there, "media")
        register(videos_play, "media")


def ffmpeg_is_there(**kwargs: Any) -> list[CheckMessage]:
    """A warning at start, and no error: pictures need none, and only the workers of the queue `media` use it."""
    from media_pipeline.video import FfmpegMissing, ffmpeg_path

    try:
        ffmpeg_path()
    except FfmpegMissing as error:
        return [Warning(str(error), id="media_pipeline.W001")]
    return []


def videos_play(**kwargs: Any) -> list[CheckMessage]:
    """A warning for a bucket whose renditions have signed addresses: the files that a playlist names have none."""
    if settings.MEDIA_STORAGE != "s3" or not settings.AWS_QUERYSTRING_AUTH or settings.AWS_S3_CUSTOM_DOMAIN:
        return []
    text = (
        "AWS_QUERYSTRING_AUTH signs each address of a rendition: videos do not play, for playlists name unsigned ones."
    )
    return [Warning(text, hint="Let everyone read renditions/ (docs/media.md).", id="media_pipeline.W002")]
