"""ThumbHash: a picture in about 25 bytes, for clients to draw until the picture has come.

An implementation of the encoder published by Evan Wallace (https://evanw.github.io/thumbhash/, MIT): colour and
transparency as the first few coefficients of a discrete cosine transform. Any ThumbHash decoder reads it.
"""

import base64
from math import cos, floor, pi

from PIL import Image

# The format takes up to 100; the few lowest frequencies it keeps are the same from 32.
SIDE = 32


def thumbhash_base64(picture: Image.Image) -> str:
    """The hash of an RGB or RGBA picture, in base64."""
    small = picture.copy()
    small.thumbnail((SIDE, SIDE), Image.Resampling.BOX)
    return base64.b64encode(thumbhash(small.convert("RGBA"))).decode()


def thumbhash(picture: Image.Image) -> bytes:
    """The hash of an RGBA picture of at most 100 x 100 pixels."""
    width, height = picture.size
    pixels = picture.tobytes()
    alphas = [value / 255 for value in pixels[3::4]]
    reds, greens, blues = (
        [value / 255 * alpha for value, alpha in zip(pixels[first::4], alphas, strict=True)] for first in range(3)
    )
    opacity = sum(alphas)
    # Transparent parts take the average colour, so that they add no frequencies of their own.
    average = [sum(values) / opacity if opacity else 0.0 for values in (reds, greens, blues)]
    lightness, yellow_blue, red_green = [], [], []
    for r, g, b, a in zip(reds, greens, blues, alphas, strict=True):
        red, green, blue = (value + mean * (1 - a) for value, mean in zip((r, g, b), average, strict=True))
        lightness.append((red + green + blue) / 3)
        yellow_blue.append((red + green) / 2 - blue)
        red_green.append(red - green)

    has_alpha = opacity < width * height
    limit = 5 if has_alpha else 7
    longer = max(width, height)
    nx, ny = max(1, _rounded(limit * width / longer)), max(1, _rounded(limit * height / longer))
    l_dc, l_ac, l_scale = _channel(lightness, width, height, max(3, nx), max(3, ny))
    p_dc, p_ac, p_scale = _channel(yellow_blue, width, height, 3, 3)
    q_dc, q_ac, q_scale = _channel(red_green, width, height, 3, 3)
    landscape = width > height
    header = (
        _rounded(63 * l_dc)
        | _rounded(31.5 + 31.5 * p_dc) << 6
        | _rounded(31.5 + 31.5 * q_dc) << 12
        | _rounded(31 * l_scale) << 18
        | has_alpha << 23
    )
    shape = (ny if landscape else nx) | _rounded(63 * p_scale) << 3 | _rounded(63 * q_scale) << 9 | landscape << 15
    result = bytearray(header.to_bytes(3, "little") + shape.to_bytes(2, "little"))
    coefficients = l_ac + p_ac + q_ac
    if has_alpha:
        a_dc, a_ac, a_scale = _channel(alphas, width, height, 5, 5)
        result.append(_rounded(15 * a_dc) | _rounded(15 * a_scale) << 4)
        coefficients += a_ac
    nibbles = [_rounded(15 * value) for value in coefficients]
    if len(nibbles) % 2:
        nibbles.append(0)
    result += bytes(low | high << 4 for low, high in zip(nibbles[::2], nibbles[1::2], strict=True))
    return bytes(result)


def _channel(values: list[float], width: int, height: int, nx: int, ny: int) -> tuple[float, list[float], float]:
    """(mean, the other coefficients as 0..1 around 0.5, their scale) of the triangle of the lowest frequencies."""
    across = [[cos(pi / width * cx * (x + 0.5)) for x in range(width)] for cx in range(nx)]
    down = [[cos(pi / height * cy * (y + 0.5)) for y in range(height)] for cy in range(ny)]
    rows = [values[y * width : (y + 1) * width] for y in range(height)]
    # By rows first, then down the columns: both are needed once, not once a coefficient.
    by_row = [[sum(map(float.__mul__, row, wave)) for row in rows] for wave in across]
    mean, others = 0.0, []
    for cy in range(ny):
        for cx in range(nx):
            if cx * ny >= nx * (ny - cy):
                break
            value = sum(map(float.__mul__, by_row[cx], down[cy])) / (width * height)
            if cx or cy:
                others.append(value)
            else:
                mean = value
    scale = max(map(abs, others), default=0.0)
    if scale:
        others = [0.5 + 0.5 / scale * value for value in others]
    return mean, others, scale


def _rounded(value: float) -> int:
    """As JavaScript rounds: halves up."""
    return floor(value + 0.5)
