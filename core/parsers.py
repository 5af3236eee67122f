"""How request bodies are read: JSON, forms and multipart, within the limits that the view declares."""

from collections.abc import Callable, Mapping
from typing import IO, Any

from django.http import QueryDict
from django.utils.http import parse_header_parameters
from rest_framework import exceptions, parsers
from rest_framework.parsers import (  # type: ignore[attr-defined]  # the stubs lack get_encoding
    BaseParser,
    DataAndFiles,
    get_encoding,
)

from core.body_limits import KINDS, LONG_IN_FORM, LONG_IN_JSON, limits_of, size_text, too_large
from core.errors import TooLarge
from core.json_reading import TooComplex, read_json
from core.long_values import Cut, cut_form, cut_json

# Of a multipart body, with and without a name: more than DATA_UPLOAD_MAX_NUMBER_FIELDS and _FILES together.
PARTS_MAX = 1_200


class JSONParser(BaseParser):
    """orjson, strict: no NaN, no lone surrogates, no NUL (PostgreSQL cannot store one); bounds of core/json_reading.py.

    Raises TooLarge past the view's `body_limits`, without parsing.
    """

    media_type = "application/json"

    def parse(
        self, stream: IO[bytes], media_type: str | None = None, parser_context: Mapping[str, Any] | None = None
    ) -> Any:
        body, cut = _read(stream, parser_context or {}, self.media_type, cut_json)
        try:
            data = read_json(body if cut is None else cut.rest())
        except TooComplex as error:
            raise exceptions.ParseError(str(error)) from error
        except ValueError as error:
            raise exceptions.ParseError(f"The body is not valid JSON: {error}.") from error
        if b"\\u0000" in body:
            _refuse_nul([data])
        if not isinstance(data, dict):
            raise exceptions.ParseError("The body must be a JSON object.")
        _restore(cut, data, LONG_IN_JSON)
        return data


class FormParser(BaseParser):
    """`application/x-www-form-urlencoded`, without NUL. Raises TooLarge past the view's `body_limits`.

    Of DRF's own parser DRF copies the body, and Django refuses it past DATA_UPLOAD_MAX_MEMORY_SIZE.
    """

    media_type = "application/x-www-form-urlencoded"

    def parse(
        self, stream: IO[bytes], media_type: str | None = None, parser_context: Mapping[str, Any] | None = None
    ) -> Any:
        context = parser_context or {}
        body, cut = _read(stream, context, self.media_type, cut_form)
        data = QueryDict(body if cut is None else cut.rest(), encoding=get_encoding(context))
        values = dict(data.lists())
        _restore(cut, values, LONG_IN_FORM)
        _refuse_nul([values])
        return data


class MultiPartParser(parsers.MultiPartParser):
    """`multipart/form-data`, without NUL in its texts, which Django bounds by DATA_UPLOAD_MAX_MEMORY_SIZE.

    Its files go to the disk as they are read; how long they may be is for the handler to say.
    """

    def parse(
        self, stream: IO[bytes], media_type: str | None = None, parser_context: Mapping[str, Any] | None = None
    ) -> "DataAndFiles[Any, Any]":
        counted = _CountedParts(stream, media_type or self.media_type)
        parsed = super().parse(counted, media_type, parser_context)  # type: ignore[arg-type]
        _refuse_nul([dict(parsed.data.lists())])
        return parsed


class _CountedParts:
    """The stream of a multipart body. Django counts fields and files, but not parts without a name."""

    def __init__(self, stream: IO[bytes], media_type: str) -> None:
        self._stream, self._parts = stream, 0
        _, options = parse_header_parameters(media_type)
        self._delimiter = b"--" + options.get("boundary", "").encode()

    def read(self, size: int) -> bytes:
        data = self._stream.read(size)
        # One that two reads share is not counted: this is a bound on work, not a rule.
        self._parts += data.count(self._delimiter)
        if self._parts > PARTS_MAX:
            raise exceptions.ParseError(f"The form has too many parts: at most {PARTS_MAX}.")
        return data


def _read(
    stream: IO[bytes], context: Mapping[str, Any], media_type: str, cut_values: Callable[[bytes], Cut]
) -> tuple[bytes, Cut | None]:
    """The body, and a `Cut` of its long values when it is longer than what is parsed at once."""
    limits, kind = limits_of(context.get("view")), KINDS[media_type]
    whole, texts = limits.whole(kind), limits.texts(kind)
    request = context.get("request")
    length = request.META.get("CONTENT_LENGTH", "") if request is not None else ""
    if length.isdecimal() and int(length) > whole:
        raise too_large(whole, media_type)
    body = stream.read(whole + 1)
    if len(body) > whole:
        raise too_large(whole, media_type)
    if len(body) <= texts:
        return body, None
    cut = cut_values(body)
    if cut.rest_size > texts:
        raise TooLarge(
            f"The body is too large: {media_type} may have at most {size_text(texts)} here beside its pictures."
        )
    return body, cut


def _restore(cut: Cut | None, data: Any, longest: int) -> None:
    if cut is not None and not cut.restore(data):
        raise exceptions.ParseError(f"A text of more than {longest} bytes has to be the value of a field, sent once.")


def _refuse_nul(pending: list[Any]) -> None:
    while pending:
        value = pending.pop()
        if isinstance(value, dict):
            pending += [*value.keys(), *value.values()]
        elif isinstance(value, list):
            pending += value
        elif isinstance(value, str) and "\x00" in value:
            raise exceptions.ParseError("The body holds the character NUL, which text cannot contain.")
