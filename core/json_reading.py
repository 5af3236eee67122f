"""Reads JSON that clients send, with bounds on what it becomes in memory and on how deep code must recurse in it."""

import re
from typing import Any

import orjson

DEPTH_MAX = 100
# One takes up to 150 bytes, so all of them 23 MB. No route takes a tenth as many.
VALUES_MAX = 150_000
_TEXT = re.compile(rb'"(?:[^"\\]++|\\.)*+"?', re.DOTALL)


class TooComplex(ValueError):
    """JSON that is nested too deeply or has too many values. The message says which, and the limit."""


def read_json(text: bytes | str) -> Any:
    """The value of a JSON text. Raises ValueError: orjson.JSONDecodeError or TooComplex."""
    encoded = text.encode() if isinstance(text, str) else text
    # `marks` counts within texts too. Those are counted one by one, for copies of all of them would take memory.
    marks = _count(encoded)
    if marks > VALUES_MAX and marks - sum(_count(found[0]) for found in _TEXT.finditer(encoded)) > VALUES_MAX:
        raise TooComplex(f"The JSON has too many values: at most {VALUES_MAX} commas and opening brackets.")
    value = orjson.loads(encoded)
    if encoded.count(b"[") + encoded.count(b"{") > DEPTH_MAX and _is_deeper(value, DEPTH_MAX):
        raise TooComplex(f"The JSON is nested too deeply: at most {DEPTH_MAX} levels of lists and objects.")
    return value


def _count(encoded: bytes) -> int:
    return encoded.count(b",") + encoded.count(b"[") + encoded.count(b"{")


def _is_deeper(value: Any, depth: int) -> bool:
    level = [value] if isinstance(value, dict | list) else []
    while level and depth:
        depth -= 1
        level = [
            child
            for container in level
            for child in (container.values() if isinstance(container, dict) else container)
            if isinstance(child, dict | list)
        ]
    return bool(level)
