"""Pictures that the server draws for whoever has none: initials on a colour, and a cover in the same colour.

The address says all that is drawn, so nothing is stored or asked of the database, and answers are cached for ever.
"""

import unicodedata
from functools import lru_cache
from io import BytesIO
from typing import Literal

from PIL import Image, ImageDraw, ImageFont

Kind = Literal["picture", "cover"]
SIZES: dict[str, tuple[int, int]] = {"picture": (400, 400), "cover": (1200, 400)}
# Dark enough for white letters, each unlike its neighbours.
COLOURS = (
    *("#b23a48", "#33658a", "#5b7b3a", "#8a4f9e", "#b0622e", "#2f7d78", "#4a57a6", "#8c6d1f"),
    *("#a33f75", "#3f6d4e", "#7a5340", "#586577"),
)
INITIALS = 2
# Of the side: how high the letters are.
LETTERS = 0.42


@lru_cache(maxsize=20_000)
def drawn_url(kind: Kind, owner_id: int, name: str) -> str:
    """The address of a person's default picture or cover: the same for the same id and name."""
    colour = owner_id % len(COLOURS)
    initials = initials_of(name) if kind == "picture" else ""
    return f"/api/default-pictures/{kind}/{colour}{'-' + initials if initials else ''}.png"


def initials_of(name: str) -> str:
    """Up to two letters or digits in capitals: of the first and last word; nothing for a script without them here."""
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode()
    words = ["".join(filter(str.isalnum, word)) for word in plain.replace("_", " ").replace("-", " ").split()]
    firsts = [word[0].upper() for word in words if word]
    return "".join(firsts[:1] + firsts[1:][-1:])


@lru_cache(maxsize=256)
def draw(kind: str, name: str) -> bytes | None:
    """The PNG of `drawn_url`'s last part without its ending, None when that names none."""
    number, dash, initials = name.partition("-")
    if kind not in SIZES or number not in _NUMBERS or (dash and not _are_initials(kind, initials)):
        return None
    colour, (width, height) = COLOURS[int(number)], SIZES[kind]
    picture = Image.new("RGB", (width, height), colour)
    pen = ImageDraw.Draw(picture)
    if initials:
        font = ImageFont.load_default(height * LETTERS)
        pen.text((width / 2, height / 2), initials, font=font, fill="white", anchor="mm")
    elif kind == "picture":
        pen.ellipse((0.34 * width, 0.2 * height, 0.66 * width, 0.52 * height), "white")
        pen.ellipse((0.2 * width, 0.6 * height, 0.8 * width, 1.4 * height), "white")
    else:
        lighter = Image.blend(Image.new("RGB", (1, 1), colour), Image.new("RGB", (1, 1), "white"), 0.12).getpixel(
            (0, 0)
        )
        for left in range(-height, width, height // 2):
            pen.polygon(
                [(left, height), (left + height, 0), (left + height * 5 // 4, 0), (left + height // 4, height)], lighter
            )
    file = BytesIO()
    picture.quantize(32).save(file, "PNG", optimize=True)
    return file.getvalue()


_NUMBERS = {str(number) for number in range(len(COLOURS))}


def _are_initials(kind: str, initials: str) -> bool:
    allowed = kind == "picture" and 1 <= len(initials) <= INITIALS and initials.isascii() and initials.isalnum()
    return allowed and initials == initials.upper()
