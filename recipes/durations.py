"""How long something takes, as sites write it: ISO 8601, more or less, or in words."""

import re

_N = r"([0-9]{1,8}(?:[.,][0-9]{1,6})?)"
_DURATION = re.compile(rf"P(?:{_N}Y)?(?:{_N}M)?(?:{_N}W)?(?:{_N}D)?(?:T(?:{_N}H)?(?:{_N}M)?(?:{_N}S)?)?")
_SECONDS = (604_800, 86_400, 3_600, 60, 1)
_WORDS = re.compile(
    rf"{_N} *(?:(d(?:ays?)?)|(h(?:(?:ou)?rs?)?)|(m(?:in(?:ute)?s?)?)|(s(?:ec(?:ond)?s?)?))\.?(?![^\W\d_])"
    r"[ ,&]*(?:and +)?",
    re.IGNORECASE,
)
_UNITS = (86_400, 3_600, 60, 1)


def seconds_of(text: str) -> float | None:
    """PT1H30M, "PT1H 30M", "1 hour 30 minutes" or "90" (minutes) in seconds.

    None for what is none of these, and for years and months, which have no fixed length.
    """
    compact = "".join(text.split()).upper()
    if compact.isascii() and compact.isdigit() and len(compact) <= 8:
        return int(compact) * 60
    if (match := _DURATION.fullmatch(compact)) is not None:
        years, months, *parts = match.groups()
        if not any(match.groups()) or any(_number(part) for part in (years, months)):
            return None
        return sum(_number(part) * unit for part, unit in zip(parts, _SECONDS, strict=True))
    return _in_words(text.strip())


def _in_words(text: str) -> float | None:
    seconds, at = 0.0, 0
    while match := _WORDS.match(text, at):
        number, *units = match.groups()
        seconds += next(_number(number) * size for unit, size in zip(units, _UNITS, strict=True) if unit)
        at = match.end()
    return seconds if at and at == len(text) else None


def _number(text: str | None) -> float:
    return float(text.replace(",", ".")) if text else 0.0
