from typing import Any

from django.apps import AppConfig
from django.core.checks import CheckMessage, Warning, register


class MediaPipelineConfig(AppConfig):
    name = "media_pipeline"

    def ready(self) -> None:
        register(ffmpeg_is_there, "media")


def ffmpeg_is_there(**kwargs: Any) -> list[CheckMessage]:
    """A warning at start, and no error: pictures need none, and only the workers of the queue `media` use it."""
    from media_pipeline.video import FfmpegMissing, ffmpeg_path

    try:
        ffmpeg_path()
    except FfmpegMissing as error:
        return [Warning(str(error), id="media_pipeline.W001")]
    return []
