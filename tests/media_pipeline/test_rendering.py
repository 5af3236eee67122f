import zipfile
from base64 import b64decode
from io import BytesIO
from typing import Any

import pytest
from PIL import Image
from PIL.PngImagePlugin import PngInfo
from rest_framework.test import APIClient

from media_pipeline.imaging import render
from media_pipeline.thumbhash import thumbhash
from tests.media_pipeline.conftest import all_outputs, fetched, processed
from tests.media_pipeline.pictures import (
    BLUE,
    GREEN,
    RED,
    YELLOW,
    corners,
    encoded,
    gps_exif,
    near,
    photo,
    png,
    psnr,
    quarters,
    stored_as,
    swapping_profile,
)

UPRIGHT = [RED, GREEN, BLUE, YELLOW]


def is_upright(picture: Image.Image) -> bool:
    return all(near(found, wanted) for found, wanted in zip(quarters(picture), UPRIGHT, strict=True))


def outputs_of(data: bytes) -> list[bytes]:
    return [file for made in render(data).renditions.values() for file in (made.jpeg, made.webp)]


def test_a_12_megapixel_photo_with_gps_comes_out_small_upright_and_anonymous(ann: APIClient) -> None:
    upright = photo(3000, 4000)
    original = encoded(stored_as(upright, 6), quality=92, exif=gps_exif(6), comment=b"taken at home")
    media = processed(ann, original)
    assert (media["status"], media["progress"], media["error"]) == ("ready", 100, None)
    assert (media["width"], media["height"]) == (600, 800)
    assert media["url"] == media["renditions"]["large"]["url"]
    for name, size in {"large": (600, 800), "small": (300, 400), "thumb": (150, 200)}.items():
        rendition = media["renditions"][name]
        assert (rendition["width"], rendition["height"]) == size
        jpeg, webp = fetched(rendition["url"]), fetched(rendition["webp"])
        assert (jpeg.format, jpeg.size, webp.format, webp.size) == ("JPEG", size, "WEBP", size)
        wanted = upright.resize(size, Image.Resampling.LANCZOS)
        assert psnr(jpeg, wanted) > 32
        assert psnr(webp, wanted) > 30
    for file in all_outputs(media):
        assert not Image.open(BytesIO(file)).getexif()
        for trace in (b"Exif", b"SpyPhone", b"taken at home"):
            assert trace not in file
    assert len(b64decode(media["placeholder"])) < 30


@pytest.mark.parametrize("format", ["JPEG", "PNG", "WEBP"])
@pytest.mark.parametrize("orientation", range(1, 9))
def test_every_exif_orientation_comes_out_upright(orientation: int, format: str) -> None:
    picture = stored_as(corners(1200, 900), orientation)
    large = render(encoded(picture, format, exif=gps_exif(orientation))).renditions["large"]
    assert (large.width, large.height) == (800, 600)
    for file in (large.jpeg, large.webp):
        assert is_upright(Image.open(BytesIO(file)))


# One entry: the orientation as the text "up".
TEXT_EXIF = b"Exif\0\0MM\0*\0\0\0\x08" + b"\0\x01" + b"\x01\x12\0\x02\0\0\0\x03up\0\0" + bytes(4)


@pytest.mark.parametrize("exif", [gps_exif(99), TEXT_EXIF])
def test_an_orientation_that_is_none_is_ignored(exif: Any) -> None:
    assert is_upright(Image.open(BytesIO(render(encoded(corners(), exif=exif)).renditions["large"].jpeg)))


@pytest.mark.filterwarnings("ignore:Corrupt EXIF data")
def test_a_broken_exif_block_is_ignored() -> None:
    broken = encoded(corners(), exif=b"Exif\0\0MM\0*\0\0\0\x08\xff\xff" + b"\xff" * 64)
    assert is_upright(Image.open(BytesIO(render(broken).renditions["large"].jpeg)))


@pytest.mark.parametrize("size", [(1, 1), (150, 100), (20_000, 1), (3, 900)])
def test_nothing_is_enlarged(size: tuple[int, int]) -> None:
    made = render(encoded(Image.new("RGB", size, RED), "PNG"))
    for name, side in {"large": 800, "small": 400, "thumb": 200}.items():
        rendition = made.renditions[name]
        assert rendition.width <= min(size[0], side)
        assert rendition.height <= min(size[1], side)
        assert Image.open(BytesIO(rendition.webp)).size == (rendition.width, rendition.height)


@pytest.mark.parametrize("format", ["JPEG", "PNG", "WEBP", "HEIF"])
def test_no_format_carries_metadata_over(format: str) -> None:
    secret = b"<x:xmpmeta>my garden</x:xmpmeta>"
    options: dict[str, object] = {"exif": gps_exif(), "xmp": secret, "icc_profile": swapping_profile()}
    if format == "JPEG":
        options["comment"] = b"my garden"
    if format == "PNG":
        options["pnginfo"] = text = PngInfo()
        text.add_text("Comment", "my garden")
    data = encoded(corners(), format, **options)
    assert b"my garden" in data
    for file in outputs_of(data):
        for trace in (b"my garden", b"Exif", b"EXIF", b"SpyPhone", b"XMP ", b"xmp", b"ICC", b"swap"):
            assert trace not in file


def test_colours_are_converted_to_srgb() -> None:
    # The profile exchanges red and green, so what is stored as red is meant as green.
    for format in ("JPEG", "PNG", "WEBP"):
        for file in outputs_of(encoded(corners(), format, icc_profile=swapping_profile())):
            found = quarters(Image.open(BytesIO(file)))
            assert found[0][1] > found[0][0] + 100
            assert found[1][0] > found[1][1] + 100
            assert near(found[2], BLUE, within=40)


@pytest.mark.parametrize("profile", [b"no profile at all", swapping_profile()])
def test_a_profile_that_does_not_fit_is_ignored(profile: bytes) -> None:
    grey = render(encoded(Image.new("L", (300, 200), 90), icc_profile=profile)).renditions["large"]
    assert near(quarters(Image.open(BytesIO(grey.jpeg)))[0], (90, 90, 90), within=2)


def test_cmyk_becomes_rgb() -> None:
    data = encoded(corners().convert("CMYK"))
    for file in outputs_of(data):
        assert is_upright(Image.open(BytesIO(file)))


@pytest.mark.parametrize("value", [0, 20_000, 40_000, 65_535])
def test_16_bit_grey_keeps_its_brightness(value: int) -> None:
    data = encoded(Image.new("I;16", (300, 200), value), "PNG")
    found = quarters(Image.open(BytesIO(render(data).renditions["large"].jpeg)))[0]
    assert near(found, (value // 257,) * 3, within=2)


def test_16_bit_colours_keep_theirs() -> None:
    data = png(300, 200, depth=16, colour=2, row=b"\xff\xff\x80\x00\x00\x00" * 300)
    assert near(quarters(Image.open(BytesIO(render(data).renditions["large"].jpeg)))[0], (255, 128, 0), within=4)


def test_bitmaps_become_black_and_white() -> None:
    data = encoded(Image.new("1", (300, 200), 1), "PNG")
    assert near(quarters(Image.open(BytesIO(render(data).renditions["large"].jpeg)))[0], (255, 255, 255), within=2)


def see_through(format: str) -> bytes:
    """A red disc on nothing."""
    disc = Image.new("RGBA", (1000, 1000), (0, 0, 0, 0))
    disc.paste((*RED, 255), (250, 250, 750, 750))
    if format == "GIF":
        palette = Image.new("P", (1000, 1000), 0)
        palette.putpalette([0, 0, 0, *RED])
        palette.paste(1, (250, 250, 750, 750))
        return encoded(palette, "GIF", transparency=0)
    return encoded(disc.convert("LA") if format == "LA" else disc, "PNG" if format == "LA" else format)


@pytest.mark.parametrize("format", ["PNG", "LA", "WEBP", "GIF"])
def test_transparency_stays_in_webp_and_is_white_in_jpeg(format: str) -> None:
    large = render(see_through(format)).renditions["large"]
    webp, jpeg = Image.open(BytesIO(large.webp)), Image.open(BytesIO(large.jpeg))
    assert webp.mode == "RGBA"
    assert webp.getpixel((10, 10))[3] == 0  # type: ignore[index]
    assert webp.getpixel((400, 400))[3] == 255  # type: ignore[index]
    assert near(jpeg.getpixel((10, 10)), (255, 255, 255), within=3)
    assert jpeg.getpixel((400, 400))[0] < 230  # type: ignore[index]


def test_an_opaque_alpha_channel_is_dropped() -> None:
    webp = render(encoded(corners().convert("RGBA"), "PNG")).renditions["large"].webp
    assert Image.open(BytesIO(webp)).mode == "RGB"


@pytest.mark.parametrize("format", ["GIF", "WEBP", "PNG"])
def test_an_animation_becomes_its_first_frame(format: str) -> None:
    frames = [Image.new("RGB", (500, 400), colour) for colour in (RED, GREEN, BLUE)]
    data = encoded(frames[0], format, save_all=True, append_images=frames[1:], duration=100)
    for file in outputs_of(data):
        picture = Image.open(BytesIO(file))
        assert getattr(picture, "n_frames", 1) == 1
        assert near(quarters(picture)[0], RED)


def test_heic_is_read_upright() -> None:
    data = encoded(stored_as(corners(), 6), "HEIF", exif=gps_exif(6).tobytes(), quality=90)
    assert b"irot" in data
    large = render(data).renditions["large"]
    assert (large.width, large.height) == (800, 600)
    assert is_upright(Image.open(BytesIO(large.jpeg)))


def test_nothing_survives_of_a_zip_behind_a_picture(ann: APIClient) -> None:
    archive = BytesIO()
    with zipfile.ZipFile(archive, "w") as file:
        file.writestr("evil.js", "alert(document.domain)")
    polyglot = encoded(corners()) + archive.getvalue()
    assert zipfile.is_zipfile(BytesIO(polyglot))
    media = processed(ann, polyglot)
    assert media["status"] == "ready"
    for output in all_outputs(media):
        assert not zipfile.is_zipfile(BytesIO(output))
        assert b"alert" not in output
        assert b"PK\x03\x04" not in output


def test_the_same_bytes_come_out_each_time() -> None:
    data = encoded(corners())
    assert render(data) == render(data)


def test_the_placeholder_is_the_reference_implementations() -> None:
    # From npm's thumbhash 0.1.1, for the same pixels.
    opaque = Image.frombytes("RGB", (6, 4), bytes(n * n * 37 % 251 for n in range(72))).convert("RGBA")
    clear = Image.frombytes("RGBA", (3, 5), bytes(n * n * 53 % 241 for n in range(60)))
    assert thumbhash(opaque).hex() == "22b7094d86464f7526966776565876779450bbe88f"
    assert thumbhash(clear).hex() == "9fe6852306270156988497727290094d8678cd888af858"
