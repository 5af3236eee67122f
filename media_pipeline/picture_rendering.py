"""What a confined process does with a picture: renders it into files (media_pipeline/pictures.py asks for it).

Without Django, so that the process is small.
"""

import json
from pathlib import Path

from media_pipeline.imaging import render
from media_pipeline.unusable import TOO_LARGE, Unusable


def main(original: str, folder: str, told: str) -> None:
    """Writes each rendition of `original` to `folder`, as `{name}.jpg` and `{name}.webp`, and JSON to the file `told`.

    {"placeholder": ..., "renditions": {name: [width, height]}}, or the reason why there are none: {"code", "detail"}.
    """
    answer: dict[str, object]
    try:
        rendered = render(Path(original).read_bytes())
    except Unusable as reason:
        answer = {"code": reason.code, "detail": reason.detail}
    except MemoryError:
        answer = {"code": TOO_LARGE, "detail": "The picture takes too much memory to process."}
    else:
        for name, made in rendered.renditions.items():
            Path(folder, f"{name}.jpg").write_bytes(made.jpeg)
            Path(folder, f"{name}.webp").write_bytes(made.webp)
        sizes = {name: [made.width, made.height] for name, made in rendered.renditions.items()}
        answer = {"placeholder": rendered.placeholder, "renditions": sizes}
    Path(told).write_text(json.dumps(answer))
