"""Pictures: a file in, renditions and a placeholder out, made by a confined process. Nothing here knows Django, owners
or storage."""

import json
from dataclasses import dataclass
from pathlib import Path

from media_pipeline.confined import Limits, Server
from media_pipeline.endings import require_success
from media_pipeline.unusable import Unusable

_SERVER = Server("media_pipeline.picture_rendering")

# Accepted pictures take a few seconds of CPU at most. The clock has room for a host on which everything waits.
# Addresses: up to 570 MB were measured for what is accepted (a HEIC of tiles, with ten bits a colour).
LIMITS = Limits(seconds=120, cpu_seconds=20, memory=640 * 1024**2, file_size=16 * 1024**2)


@dataclass(frozen=True)
class Rendition:
    """One size, encoded twice: two files."""

    jpeg: Path
    webp: Path
    width: int
    height: int


@dataclass(frozen=True)
class Rendered:
    """All sizes by name, and the placeholder (a thumbhash in base64)."""

    renditions: dict[str, Rendition]
    placeholder: str


def render(original: Path, folder: Path) -> Rendered:
    """Every rendition of `original`, in `folder`.

    Raises Unusable, which is final, time-outs included; OSError and RuntimeError for what is not the picture's fault.
    """
    told = folder / "answer.json"
    errors = folder / "picture.log"
    finished = _SERVER.call(str(original), str(folder), str(told), limits=LIMITS, errors=errors)
    require_success(finished, "picture")
    answer = json.loads(told.read_text())
    if "code" in answer:
        raise Unusable(answer["code"], answer["detail"])
    renditions = {
        name: Rendition(folder / f"{name}.jpg", folder / f"{name}.webp", int(width), int(height))
        for name, (width, height) in answer["renditions"].items()
    }
    return Rendered(renditions, answer["placeholder"])
