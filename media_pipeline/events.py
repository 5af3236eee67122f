"""What happens to media: heard by their owner, and by apps that show them (`@on(MediaReady)`)."""

from dataclasses import dataclass
from typing import ClassVar

from media_pipeline.shapes import RenditionShape
from realtime.ephemeral import EphemeralEvent
from realtime.events import Event, register


@dataclass(frozen=True, kw_only=True)
class _MediaFinished(Event):
    """The media shape and its owner. Nobody did it: `actor` is null."""

    heard_on: ClassVar[tuple[str, ...]] = ("inbox:{owner_id}",)

    owner_id: int
    id: str
    kind: str
    status: str
    error: str | None
    progress: int
    url: str | None
    width: int | None
    height: int | None
    duration: float | None
    placeholder: str | None
    renditions: dict[str, RenditionShape]
    poster: str | None
    hls_url: str | None


@register
@dataclass(frozen=True, kw_only=True)
class MediaReady(_MediaFinished):
    """The renditions can be fetched from now on."""

    type: ClassVar[str] = "media.ready"


@register
@dataclass(frozen=True, kw_only=True)
class MediaFailed(_MediaFinished):
    """There will be no renditions; `error` says why."""

    type: ClassVar[str] = "media.failed"


@register
@dataclass(frozen=True, kw_only=True)
class UploadProgress(EphemeralEvent):
    """So far has the work on a video come, in percent; twice a second at most. It has no offset and is not kept."""

    type: ClassVar[str] = "upload.progress"
    heard_on: ClassVar[tuple[str, ...]] = ("inbox:{owner_id}",)

    owner_id: int
    media_id: str
    progress: int
