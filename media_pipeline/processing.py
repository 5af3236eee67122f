"""Asking for the work on media whose original is in its place."""

from media_pipeline.models import Media
from realtime.models import Job
from realtime.outbox import record_job

PROCESS_IMAGE, PROCESS_VIDEO = "media_pipeline.process_image", "media_pipeline.process_video"
PROCESS = {Media.Kind.IMAGE.value: PROCESS_IMAGE, Media.Kind.VIDEO.value: PROCESS_VIDEO}


def record_processing(media: Media) -> Job:
    """Asks for renditions of a picture or variants of a film, once the caller's transaction commits.

    The films of a person are worked on one after another, so that they take one worker from the others' at most.
    """
    is_film = media.kind == Media.Kind.VIDEO
    concurrency_key = f"films of {media.owner_id}" if is_film else ""
    return record_job(PROCESS[media.kind], media_id=str(media.pk), concurrency_key=concurrency_key)
