"""How long a request's body may be: one table, read by the server, the handler and the parsers.

A view declares what its route needs, where that differs from the defaults:

    class RecipeImportView(APIView):
        body_limits = BodyLimits(json=4 * MB)

The server and the handler look the view up by the request's path before they take the body in; the parsers ask the view
that they parse for. An address without a view gets the defaults.
"""

from dataclasses import dataclass
from typing import Any, Literal

from django.conf import settings
from django.urls import Resolver404, get_resolver

from core.errors import TooLarge

Kind = Literal["json", "form", "multipart", "other"]

KINDS: dict[str, Kind] = {
    "application/json": "json",
    "application/x-www-form-urlencoded": "form",
    "multipart/form-data": "multipart",
}
# Per value of JSON or of a form, in bytes as sent, from where on it may stay unparsed (core/long_values.py). Longer
# than any text that a route takes: 10,000 characters are up to 120 kB, escaped in JSON or percent-encoded in a form.
LONG_IN_JSON = LONG_IN_FORM = 128 * 1024


@dataclass(frozen=True, slots=True)
class BodyLimits:
    """The longest body of each content type, in bytes. None: JSON_BODY_MAX, and FORM_BODY_MAX for the other types.

    With `pictures` a body may have REQUEST_BODY_MAX bytes: files in multipart, and base64 values in JSON and forms,
    come on top of the limit of their type, which then bounds the rest. `upload` is the one limit of a route that takes
    raw bytes, whatever type they claim to have. Everything else is bounded by REQUEST_BODY_MAX as well.
    """

    json: int | None = None
    form: int | None = None
    multipart: int | None = None
    pictures: bool = False
    upload: int | None = None

    def texts(self, kind: Kind) -> int:
        """The limit of what is parsed at once."""
        declared: int | None = None if kind == "other" else getattr(self, kind)
        if declared is None:
            declared = settings.JSON_BODY_MAX if kind == "json" else settings.FORM_BODY_MAX
        return min(declared, settings.REQUEST_BODY_MAX)

    def whole(self, kind: Kind) -> int:
        """The limit of the body."""
        if self.upload is not None:
            return self.upload
        if self.pictures and kind != "other":
            largest: int = settings.REQUEST_BODY_MAX
            return largest
        return self.texts(kind)


DEFAULT = BodyLimits()


def lowest_limit() -> int:
    """What every route takes at least, so that a shorter body needs no look-up."""
    return min(settings.FORM_BODY_MAX, settings.JSON_BODY_MAX, settings.REQUEST_BODY_MAX)


def limits_of(view: Any) -> BodyLimits:
    """What a view, or the function that Django calls for it, declares as `body_limits`."""
    for declared in (view, getattr(view, "view_class", None)):
        limits = getattr(declared, "body_limits", None)
        if isinstance(limits, BodyLimits):
            return limits
    return DEFAULT


def limit_at(path: str, content_type: str) -> int:
    """The bytes that a body of this type may have at `path` (without a mount). Costs a look-up of the address."""
    try:
        view = get_resolver(settings.ROOT_URLCONF).resolve(path).func
    except Resolver404:
        view = None
    return limits_of(view).whole(kind_of(content_type))


def kind_of(content_type: str) -> Kind:
    return KINDS.get(content_type.partition(";")[0].strip().lower(), "other")


def too_large(limit: int, content_type: str) -> TooLarge:
    """The error for a body past its limit."""
    name = content_type.partition(";")[0].strip().lower() or "a body of no declared type"
    return TooLarge(f"The body is too large: {name} may have at most {size_text(limit)} here.")


def size_text(size: int) -> str:
    """`65536 bytes (64 kB)`: exact for programs, rounded down for people."""
    rounded = f"{size // 1024**2} MB" if size >= 1024**2 else f"{size // 1024} kB"
    return f"{size} bytes ({rounded})" if size >= 1024 else f"{size} bytes"
