"""Drawn photos of dishes: a table, a plate, and what is on it. The same name always gives the same picture."""

import io
import math
import random
from collections.abc import Callable

from PIL import Image, ImageDraw, ImageFilter

SIZE = (1200, 900)
CENTER = (600, 460)
Color = tuple[int, int, int]

TABLES: list[tuple[Color, Color]] = [
    ((120, 82, 54), (74, 48, 32)),
    ((196, 188, 176), (150, 140, 128)),
    ((58, 66, 74), (32, 38, 44)),
    ((214, 196, 168), (170, 146, 114)),
    ((92, 110, 104), (52, 66, 62)),
]
PLATES: list[Color] = [(244, 241, 234), (226, 232, 236), (60, 66, 76), (236, 222, 202), (186, 206, 204)]
GREENS: list[Color] = [(70, 122, 48), (98, 150, 62), (44, 92, 40), (132, 172, 84)]
# kind -> what the dish is mostly made of.
SAUCES: dict[str, list[Color]] = {
    "soup": [(196, 74, 40), (214, 150, 60), (150, 28, 52), (176, 132, 70)],
    "stew": [(172, 52, 28), (120, 62, 30), (92, 110, 48)],
    "curry": [(206, 132, 36), (188, 92, 28)],
    "bowl": [(232, 222, 204), (222, 206, 190)],
}
PIECES: dict[str, list[Color]] = {
    "soup": [(240, 224, 190), (230, 120, 50), *GREENS],
    "stew": [(248, 244, 232), (206, 60, 40), *GREENS],
    "curry": [(236, 206, 160), (190, 50, 30), *GREENS],
    "bowl": [(150, 30, 60), (60, 50, 110), (214, 60, 70)],
    "salad": [*GREENS, (206, 60, 44), (236, 140, 50), (214, 186, 130), (170, 60, 110)],
    "rice": [(228, 176, 60), (206, 84, 50), *GREENS],
    "roast": [(186, 110, 44), (148, 78, 30), (214, 160, 70), (236, 206, 80)],
}


def draw_dish(name: str, kind: str, *, eggs: bool = False) -> bytes:
    """A JPEG of 1200 x 900 pixels. KIND is one of KINDS; EGGS lie on top."""
    rng = random.Random(name)  # noqa: S311  (a picture, not a secret)
    image = _table(rng)
    _plate(image, rng)
    draw = ImageDraw.Draw(image)
    KINDS[kind](image, draw, rng)
    for _ in range(rng.choice([2, 4]) if eggs else 0):
        _egg(draw, rng, _within(rng, 190))
    file = io.BytesIO()
    _light(image).save(file, "JPEG", quality=85)
    return file.getvalue()


def _table(rng: random.Random) -> Image.Image:
    """Boards from one shade to another, with some grain."""
    near, far = rng.choice(TABLES)
    ramp = Image.linear_gradient("L").resize(SIZE)
    image = Image.composite(Image.new("RGB", SIZE, near), Image.new("RGB", SIZE, far), ramp)
    draw = ImageDraw.Draw(image)
    for y in range(rng.randrange(40, 120), SIZE[1], rng.randrange(130, 210)):
        draw.line((0, y, SIZE[0], y + rng.randrange(-6, 6)), fill=_shade(far, 0.8), width=4)
    for _ in range(90):
        x, y = rng.randrange(SIZE[0]), rng.randrange(SIZE[1])
        draw.line(
            (x, y, x + rng.randrange(60, 300), y + rng.randrange(-3, 3)), fill=_shade(near, rng.uniform(0.85, 1.1))
        )
    return image


def _plate(image: Image.Image, rng: random.Random) -> None:
    shadow = Image.new("L", (SIZE[0] // 6, SIZE[1] // 6))
    ImageDraw.Draw(shadow).ellipse([v // 6 for v in _box(CENTER, 400, dx=26, dy=34)], fill=150)
    shadow = shadow.filter(ImageFilter.GaussianBlur(6)).resize(SIZE)
    image.paste((10, 8, 6), mask=shadow)
    draw = ImageDraw.Draw(image)
    color = rng.choice(PLATES)
    draw.ellipse(_box(CENTER, 400), fill=_shade(color, 0.88))
    draw.ellipse(_box(CENTER, 392), fill=color)
    if rng.random() < 0.5:
        draw.ellipse(_box(CENTER, 372), outline=_shade(color, 0.7), width=6)
    draw.ellipse(_box(CENTER, 310), fill=_shade(color, 0.93))


def _light(image: Image.Image) -> Image.Image:
    """Softened, and darker towards the corners."""
    fall = Image.radial_gradient("L").resize(SIZE).point([max(0, value - 90) // 2 for value in range(256)])
    image = image.filter(ImageFilter.GaussianBlur(1.2))
    image.paste((0, 0, 0), mask=fall)
    return image


Dish = Callable[[Image.Image, ImageDraw.ImageDraw, random.Random], None]


def _liquid(kind: str) -> Dish:
    """A bowl of something, with pieces in it and green on top."""

    def dish(image: Image.Image, draw: ImageDraw.ImageDraw, rng: random.Random) -> None:
        color = rng.choice(SAUCES[kind])
        draw.ellipse(_box(CENTER, 306), fill=_shade(color, 0.75))
        draw.ellipse(_box(CENTER, 298), fill=color)
        for _ in range(8):
            x, y = _within(rng, 230)
            draw.arc(
                _box((x, y), rng.randrange(30, 90)), rng.randrange(360), rng.randrange(360), _shade(color, 1.12), 7
            )
        for _ in range(rng.randrange(24, 40)):
            _blob(draw, rng, _within(rng, 260), rng.randrange(12, 34), rng.choice(PIECES[kind]))
        _leaves(draw, rng, 30, 250)

    return dish


def _strands(image: Image.Image, draw: ImageDraw.ImageDraw, rng: random.Random) -> None:
    """Pasta and noodles: many arcs over each other."""
    base: Color = rng.choice([(236, 208, 142), (226, 196, 120), (176, 150, 118)])
    draw.ellipse(_box(CENTER, 270), fill=_shade(base, 0.72))
    for _ in range(240):
        start = rng.randrange(360)
        box = _box(_within(rng, 170), rng.randrange(40, 130))
        draw.arc(box, start, start + rng.randrange(80, 260), _shade(base, rng.uniform(0.82, 1.1)), rng.randrange(8, 13))
    for _ in range(rng.randrange(8, 16)):
        _blob(
            draw,
            rng,
            _within(rng, 150),
            rng.randrange(14, 34),
            rng.choice([(150, 60, 34), (206, 70, 44), (120, 80, 50)]),
        )
    _leaves(draw, rng, 20, 180)


def _heap(kind: str) -> Dish:
    """Rice, salads and roasts: pieces, the upper ones lighter."""

    def dish(image: Image.Image, draw: ImageDraw.ImageDraw, rng: random.Random) -> None:
        if kind == "rice":
            draw.ellipse(_box(CENTER, 268), fill=(226, 214, 188))
            for _ in range(2600):
                x, y = _within(rng, 265)
                turn = rng.uniform(0, math.pi)
                tip = (x + 9 * math.cos(turn), y + 9 * math.sin(turn))
                draw.line((x, y, *tip), fill=_shade((244, 236, 214), rng.uniform(0.84, 1.04)), width=5)
        few, big = {"rice": (26, 30), "roast": (16, 92)}.get(kind, (90, 52))
        for number in range(few):
            reach = 240 - 120 * number // few
            color = _shade(rng.choice(PIECES[kind]), 0.8 + 0.3 * number / few)
            _blob(draw, rng, _within(rng, reach), rng.randrange(big // 2, big), color)
        _leaves(draw, rng, 40 if kind == "salad" else 24, 230)

    return dish


def _stack(image: Image.Image, draw: ImageDraw.ImageDraw, rng: random.Random) -> None:
    """Pancakes on each other, with something that melts."""
    for number in range(5):
        center = (CENTER[0] + rng.randrange(-24, 24), CENTER[1] + 80 - 34 * number)
        for lift, color in ((16, (150, 92, 40)), (0, (226, 168, 84)), (-3, (206, 138, 60))):
            radius = 230 - (12 if lift == -3 else 0)
            draw.ellipse(
                (center[0] - radius, center[1] - 150 + lift, center[0] + radius, center[1] + 150 + lift), fill=color
            )
    _blob(draw, rng, (CENTER[0], CENTER[1] - 70), 90, rng.choice([(178, 98, 24), (250, 244, 230), (150, 30, 56)]))
    _blob(draw, rng, (CENTER[0], CENTER[1] - 80), 40, (252, 226, 130))
    _leaves(draw, rng, 8, 150)


def _dumplings(image: Image.Image, draw: ImageDraw.ImageDraw, rng: random.Random) -> None:
    """Half moons in a ring."""
    count = rng.choice([7, 8, 9])
    for number in range(count):
        turn = 2 * math.pi * number / count
        x, y = CENTER[0] + 170 * math.cos(turn), CENTER[1] + 170 * math.sin(turn)
        start = math.degrees(turn) + 90
        draw.pieslice(_box((x, y), 92), start, start + 190, fill=(206, 176, 128))
        draw.pieslice(_box((x, y - 4), 86), start, start + 190, fill=(242, 226, 190))
        for fold in range(5):
            angle = math.radians(start + 20 + fold * 36)
            draw.line(
                (
                    x + 60 * math.cos(angle),
                    y + 60 * math.sin(angle),
                    x + 84 * math.cos(angle),
                    y + 84 * math.sin(angle),
                ),
                fill=(206, 176, 128),
                width=5,
            )
    draw.ellipse(_box(CENTER, 66), fill=rng.choice([(84, 42, 20), (250, 248, 240)]))
    _leaves(draw, rng, 14, 230)


def _loaf(image: Image.Image, draw: ImageDraw.ImageDraw, rng: random.Random) -> None:
    """Bread, flat or tall, with slashes or dimples."""
    crust: Color = rng.choice([(182, 116, 52), (206, 150, 80), (156, 92, 42)])
    for inset, light in ((0, 0.75), (14, 1.0), (60, 1.12)):
        draw.rounded_rectangle((340 + inset, 280 + inset, 860 - inset, 640 - inset), 120, fill=_shade(crust, light))
    for number in range(6):
        x = 430 + number * 64
        draw.line((x, 350, x + 44, 560), fill=_shade(crust, 1.3), width=16)
    for _ in range(60):
        _blob(draw, rng, (rng.randrange(400, 800), rng.randrange(330, 590)), 8, (250, 244, 230))
    _leaves(draw, rng, 10, 200)


def _wedge(image: Image.Image, draw: ImageDraw.ImageDraw, rng: random.Random) -> None:
    """A cake with a slice out."""
    cake: Color = rng.choice([(226, 176, 104), (120, 74, 46), (244, 232, 208)])
    out = rng.randrange(200, 330)
    for lift, light in ((36, 0.62), (0, 1.0), (-4, 1.1)):
        radius = 240 - (26 if lift == -4 else 0)
        center = (CENTER[0], CENTER[1] + lift - 10)
        draw.pieslice(_box(center, radius), out + 46, out + 360, fill=_shade(cake, light))
    for _ in range(160):
        x, y = _within(rng, 190)
        _blob(draw, rng, (x, y), rng.randrange(3, 8), _shade(cake, rng.uniform(0.6, 1.25)))
    for _ in range(9):
        _blob(draw, rng, _within(rng, 170), 22, rng.choice([(176, 34, 56), (110, 150, 70), (250, 246, 236)]))


KINDS: dict[str, Dish] = {
    **{kind: _liquid(kind) for kind in SAUCES},
    **{kind: _heap(kind) for kind in ("salad", "rice", "roast")},
    **dict.fromkeys(("pasta", "noodles"), _strands),
    **dict.fromkeys(("dumplings", "pastry"), _dumplings),
    "pancakes": _stack,
    "bread": _loaf,
    "cake": _wedge,
}


def _egg(draw: ImageDraw.ImageDraw, rng: random.Random, at: tuple[float, float]) -> None:
    _blob(draw, rng, at, 74, (252, 248, 238))
    draw.ellipse(_box(at, 30), fill=(246, 176, 40))
    draw.ellipse(_box((at[0] - 9, at[1] - 10), 8), fill=(255, 222, 140))


def _leaves(draw: ImageDraw.ImageDraw, rng: random.Random, count: int, reach: int) -> None:
    for _ in range(count):
        x, y = _within(rng, reach)
        size, turn = rng.randrange(8, 20), rng.uniform(0, math.pi)
        dx, dy = size * math.cos(turn), size * math.sin(turn)
        draw.polygon(
            [(x - dx, y - dy), (x - dy / 2, y + dx / 2), (x + dx, y + dy), (x + dy / 2, y - dx / 2)],
            fill=rng.choice(GREENS),
        )


def _blob(draw: ImageDraw.ImageDraw, rng: random.Random, at: tuple[float, float], radius: float, color: Color) -> None:
    """A roundish piece with a darker edge below."""
    angles = [2 * math.pi * n / 14 for n in range(14)]
    radii = [radius * rng.uniform(0.78, 1.05) for _ in angles]
    shape = [(r * math.cos(a), r * math.sin(a)) for a, r in zip(angles, radii, strict=True)]
    draw.polygon([(at[0] + x, at[1] + y + radius / 7) for x, y in shape], fill=_shade(color, 0.68))
    draw.polygon([(at[0] + x, at[1] + y) for x, y in shape], fill=color)


def _within(rng: random.Random, radius: float) -> tuple[float, float]:
    """A point of the plate, evenly."""
    turn, far = rng.uniform(0, 2 * math.pi), radius * math.sqrt(rng.random())
    return CENTER[0] + far * math.cos(turn), CENTER[1] + far * math.sin(turn)


def _box(center: tuple[float, float], radius: float, *, dx: int = 0, dy: int = 0) -> tuple[float, float, float, float]:
    x, y = center[0] + dx, center[1] + dy
    return x - radius, y - radius, x + radius, y + radius


def _shade(color: Color, by: float) -> Color:
    red, green, blue = (min(255, round(part * by)) for part in color)
    return red, green, blue
