"""Long values of JSON and of forms, such as pictures in base64, which stay in the body: neither split nor copied.

Parsers make a text of each value, and of some bodies many texts: 20 MB of `%zz` in a form took 1.6 GB. So where a route
takes pictures, `cut_json` and `cut_form` take each long value out of the body, the rest is parsed, and the parsed rest
gets a `LongValue` in the place of each. Its reader gets it in small pieces.
"""

import secrets
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote_to_bytes

import orjson

from core.body_limits import LONG_IN_FORM, LONG_IN_JSON

PIECE = 64 * 1024
# What follows a quote that ends a JSON text.
_AFTER_A_TEXT = b":,]} \t\r\n"


@dataclass(frozen=True, slots=True)
class Escaping:
    """How a kind of body writes the characters that it cannot have in a value."""

    mark: bytes
    longest: int  # bytes of one escaped character
    undo: Callable[[bytes], bytes]


def _undo_json(piece: bytes) -> bytes:
    text: str = orjson.loads(b'"%b"' % piece) if b"\\" in piece else piece.decode("ascii")
    return text.encode("ascii")


JSON = Escaping(b"\\", 6, _undo_json)
FORM = Escaping(b"%", 3, lambda piece: unquote_to_bytes(piece.replace(b"+", b" ")))


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class LongValue:
    """A value in ASCII that is still in its body, escaped; `len` is its length there."""

    body: bytes
    start: int
    end: int
    escaping: Escaping

    def __len__(self) -> int:
        return self.end - self.start

    def __str__(self) -> str:
        return f"a value of {len(self)} bytes"

    @property
    def raw(self) -> memoryview:
        """The value as it was sent."""
        return memoryview(self.body)[self.start : self.end]

    def pieces(self) -> Iterator[bytes]:
        """The value without its escapes, at most PIECE bytes at a time. ValueError for what is not ASCII."""
        position = self.start
        while position < self.end:
            end = min(position + PIECE, self.end)
            if end < self.end:
                # Never through the middle of an escape.
                escape = self.body.rfind(self.escaping.mark, end - self.escaping.longest + 1, end)
                end = escape if escape >= 0 else end
            yield self.escaping.undo(self.body[position:end])
            position = end


class Cut:
    """A body without its long values, and the markers that stand for them."""

    def __init__(self, body: bytes, spans: list[tuple[int, int]], escaping: Escaping) -> None:
        name = secrets.token_hex(8)
        self.values = {
            f"long-value-{name}-{number}": LongValue(body, start, end, escaping)
            for number, (start, end) in enumerate(spans)
        }
        self._body, self._spans = body, spans

    @property
    def rest_size(self) -> int:
        return len(self._body) - sum(map(len, self.values.values()))

    def rest(self) -> bytes:
        """A copy of the body with the markers."""
        parts, position = [], 0
        for marker, (start, end) in zip(self.values, self._spans, strict=True):
            parts += [self._body[position:start], marker.encode()]
            position = end
        return b"".join([*parts, self._body[position:]])

    def restore(self, parsed: Any) -> bool:
        """Puts the values into lists and dictionaries of `parsed`; False unless each has a place of its own there."""
        missing = dict(self.values)
        pending = [parsed]
        while pending:
            container = pending.pop()
            entries = enumerate(container) if isinstance(container, list) else list(container.items())
            for key, value in entries:
                if isinstance(value, dict | list):
                    pending.append(value)
                elif isinstance(value, str) and (found := missing.pop(value, None)) is not None:
                    container[key] = found
        return not missing


def cut_json(body: bytes) -> Cut:
    """Cuts out the texts of more than LONG_IN_JSON bytes."""
    return Cut(body, [span for span in _gaps(body, b'"', LONG_IN_JSON) if _is_text(body, *span)], JSON)


def cut_form(body: bytes) -> Cut:
    """Cuts out the values of more than LONG_IN_FORM bytes of an urlencoded form."""
    spans = []
    for start, end in _gaps(body, b"&", LONG_IN_FORM):
        equals = body.find(b"=", start, start + 1000)
        if equals >= 0:
            spans.append((equals + 1, end))
    return Cut(body, spans, FORM)


def _gaps(body: bytes, separator: bytes, longest: int) -> Iterator[tuple[int, int]]:
    """Where more than `longest` bytes stand between two separators, or a separator and an end of the body.

    It looks at 2 * len(body) / longest places.
    """
    start = 0
    while start + longest < len(body):
        last = body.rfind(separator, start, start + longest + 1)
        if last >= 0:
            start = last + 1
            continue
        end = body.find(separator, start + longest + 1)
        end = end if end >= 0 else len(body)
        yield start, end
        start = end + 1


def _is_text(body: bytes, start: int, end: int) -> bool:
    """Whether what stands between two quotes can be a whole text in JSON, and not what comes between two texts."""
    is_enclosed = start > 0 and end < len(body)
    is_escaped = body[start - 2 : start - 1] == b"\\" or body[end - 1 : end] == b"\\"
    return is_enclosed and not is_escaped and body[start : start + 1] not in _AFTER_A_TEXT
