"""Pictures that were made to hurt: their cost is bounded, and nothing of what they carry comes out."""

import struct
import tracemalloc
from io import BytesIO

import pytest
from PIL import Image
from rest_framework.test import APIClient

from media_pipeline.headers import MAX_PIXELS, inspect
from media_pipeline.imaging import render
from media_pipeline.unusable import Unusable
from tests.media_pipeline.conftest import all_outputs, processed, upload
from tests.media_pipeline.pictures import corners, encoded, png
from tests.media_pipeline.test_rendering import is_upright


def gif(frames: int, side: int = 64) -> bytes:
    """An animation, by hand: Pillow would take minutes."""
    head = b"GIF89a" + struct.pack("<HH", side, side) + b"\xf0\0\0" + b"\xdc\x1e\x1e" + b"\0\0\0"
    one = encoded(Image.new("P", (side, side)), "GIF")
    frame = one[one.index(b",") : -1]
    return head + (b"!\xf9\x04\0\x02\0\0\0" + frame) * frames + b";"


def test_of_five_thousand_frames_only_the_first_is_decoded(monkeypatch: pytest.MonkeyPatch) -> None:
    data = gif(5000)
    with Image.open(BytesIO(data)) as picture:
        assert getattr(picture, "n_frames") == 5000  # noqa: B009
    seeks = []
    seek = type(picture).seek
    monkeypatch.setattr(type(picture), "seek", lambda self, frame: (seeks.append(frame), seek(self, frame)))
    large = render(data).renditions["large"]
    assert (large.width, large.height) == (64, 64)
    assert set(seeks) <= {0}


@pytest.mark.parametrize("size", [(20_000, 40), (40, 20_000), (10_000, 5_000)])
def test_strips_and_large_surfaces_within_the_limit_are_rendered(size: tuple[int, int]) -> None:
    assert size[0] * size[1] <= MAX_PIXELS
    large = render(encoded(Image.new("L", size, 90))).renditions["large"]
    assert max(large.width, large.height) <= 800
    assert min(large.width, large.height) >= 1


@pytest.mark.parametrize(
    "data",
    [png(1_000_000, 1, row=b"\0" * 3_000_000), png(10_000, 10_000), encoded(Image.new("1", (10_000, 10_000)), "PNG")],
    ids=["a strip of a million pixels", "a header of 10,000 x 10,000", "10,000 x 10,000 black pixels"],
)
def test_what_is_too_large_is_refused_by_its_header(data: bytes) -> None:
    tracemalloc.start()
    try:
        with pytest.raises(Unusable) as refused:
            inspect(data)
        assert tracemalloc.get_traced_memory()[1] < 1024**2 + len(data)
    finally:
        tracemalloc.stop()
    assert refused.value.code == "too_large"
    with pytest.raises(Unusable):
        render(data)


@pytest.mark.parametrize("mode", ["CMYK", "YCbCr"])
def test_every_colour_space_becomes_rgb(mode: str) -> None:
    picture = render(encoded(corners().convert(mode))).renditions["large"]
    with Image.open(BytesIO(picture.jpeg)) as found:
        assert found.mode == "RGB"
        assert is_upright(found)


HTML = b"<html><script>alert(document.domain)</script></html>"


@pytest.mark.parametrize("format", ["JPEG", "PNG", "GIF", "WEBP"])
@pytest.mark.parametrize("place", ["behind", "inside"])
def test_nothing_survives_of_a_page_in_a_picture(ann: APIClient, format: str, place: str) -> None:
    data = encoded(corners(640, 480), format)
    if place == "behind":
        data += HTML
    elif format == "JPEG":  # a comment, right behind the first marker
        data = data[:2] + b"\xff\xfe" + struct.pack(">H", len(HTML) + 2) + HTML + data[2:]
    elif format == "PNG":  # a private chunk before the end
        data = data[:-12] + struct.pack(">I", len(HTML)) + b"heTm" + HTML + bytes(4) + data[-12:]
    elif format == "GIF":
        data = data[:-1] + b"!\xfe" + bytes([len(HTML)]) + HTML + b"\0;"
    else:
        body = data[8:] + b"HTML" + struct.pack("<I", len(HTML)) + HTML
        data = b"RIFF" + struct.pack("<I", len(body)) + body
    assert HTML in data
    media = processed(ann, data)
    if media["status"] == "failed":  # a chunk that is none: as good
        assert place == "inside"
        return
    for output in all_outputs(media):
        assert b"script" not in output


@pytest.mark.parametrize("brand", ["avif", "avis", "M4A "])
def test_what_looks_like_a_film_and_is_none_is_refused_at_once(ann: APIClient, brand: str) -> None:
    head = b"\0\0\0\x20ftyp" + brand.encode() + b"\0\0\0\0mif1miaf" + bytes(100)
    answer = upload(ann, head)
    assert (answer.status_code, answer.json()["code"]) == (415, "unsupported_media_type")
