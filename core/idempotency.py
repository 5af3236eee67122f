"""`Idempotency-Key`: a POST that creates may be sent again, and creates once.

    class PostListView(APIView):
        @extend_schema(...)
        @idempotent
        def post(self, request): ...

A key is its person's, and is kept for 24 hours with the fingerprint of its request and the answer. The same request
again is answered from there, with `Idempotency-Replayed: true`; another one under that key is 422
`idempotency_mismatch`; the same one while the first still runs is 409 `in_flight`. An error is not kept: nothing
happened, and the key is free again. Without the header, or anonymous, nothing of this is done.

The method runs in a transaction that also stores its answer, so what it does must be undone by a rollback. What waits
for others (a page that is fetched) may hold none, and goes before it: `@idempotent_after(prepare)`.
Not for what answers with secrets (tokens, tickets).
"""

import hashlib
import json
import re
from collections.abc import Callable
from functools import wraps
from typing import Any, TypeVar

from django.core.files.base import File
from django.db import transaction
from django.http import HttpResponse
from django.utils.datastructures import MultiValueDict
from rest_framework.request import Request
from rest_framework.response import Response

from core.api import JSONRenderer
from core.claims import Answer, Claim, claim
from core.errors import Invalid
from core.long_values import LongValue

HEADER = "Idempotency-Key"
REPLAYED = "Idempotency-Replayed"
KEY_PATTERN = r"^[!-~]{1,255}$"
# Of the answer's headers, those that a replay repeats; the others (limits, ...) are its own.
KEPT_HEADERS = ("Content-Type", "Location", "ETag", "Cache-Control", "Vary")

_KEY = re.compile(KEY_PATTERN.replace("$", r"\Z"))
_renderer = JSONRenderer()

Method = TypeVar("Method", bound=Callable[..., HttpResponse])


class _Refused(Exception):
    """Carries an answer that is an error out of the transaction, which it rolls back."""

    def __init__(self, response: HttpResponse) -> None:
        super().__init__(response.status_code)
        self.response = response


def idempotent(method: Method) -> Method:
    """Makes a method of an APIView honour `Idempotency-Key`; `core.schema` then describes it."""
    return _once(method, lambda request: {})


def idempotent_after(prepare: Callable[[Request], Any]) -> Callable[[Method], Method]:
    """The same for a method that gets what PREPARE makes of the request as `prepared`.

    It is called outside of the transaction, for somebody signed in or not, and not for an answer that is there already.
    """
    return lambda method: _once(method, lambda request: {"prepared": prepare(request)})


def _once(method: Method, prepare: Callable[[Request], dict[str, Any]]) -> Method:
    @wraps(method)
    def answered_once(self: Any, request: Request, *args: Any, **kwargs: Any) -> HttpResponse:
        key = request.META.get("HTTP_IDEMPOTENCY_KEY")
        if key is None or request.user.pk is None:
            return method(self, request, *args, **kwargs, **prepare(request))
        if not _KEY.match(key):
            detail = "1 to 255 visible ASCII characters."
            raise Invalid(f"{HEADER}: {detail}", errors={HEADER: [detail]})
        claimed = claim(user_id=request.user.pk, key=key, fingerprint=fingerprint(request))
        if isinstance(claimed, Answer):
            return _replay(claimed)
        return _run(
            claimed, lambda: prepare(request), lambda prepared: method(self, request, *args, **kwargs, **prepared)
        )

    answered_once.is_idempotent = True  # type: ignore[attr-defined]
    return answered_once  # type: ignore[return-value]


def honours_key(view: Any, method: str) -> bool:
    """Whether that HTTP method of the view is `idempotent`."""
    return getattr(getattr(view, method.lower(), None), "is_idempotent", False)


def _run(
    claimed: Claim, prepare: Callable[[], dict[str, Any]], call: Callable[[dict[str, Any]], HttpResponse]
) -> HttpResponse:
    try:
        prepared = prepare()
        with transaction.atomic():
            response = call(prepared)
            if response.status_code >= 400:
                raise _Refused(response)
            claimed.keep(_answer_of(response))
    except _Refused as refused:
        claimed.release()
        return refused.response
    except BaseException:
        claimed.release()
        raise
    return response


def _answer_of(response: HttpResponse) -> Answer:
    """What RESPONSE will be, which DRF renders later: its data becomes the very bytes that are kept."""
    headers = {name: response[name] for name in KEPT_HEADERS if name in response}
    if isinstance(response, Response):
        body = _renderer.render(response.data)
        response.data = body or None
        headers["Content-Type"] = response.content_type or _renderer.media_type
    else:
        body = response.content
    if not body:
        headers.pop("Content-Type", None)
    return Answer(response.status_code, body, headers)


def _replay(answer: Answer) -> HttpResponse:
    response = HttpResponse(answer.body, status=answer.status)
    del response["Content-Type"]
    for name, value in answer.headers.items():
        response[name] = value
    response[REPLAYED] = "true"
    return response


def fingerprint(request: Request) -> str:
    """What makes two requests the same: method, path with query, and the fields as parsed, files by their content.

    So the boundary of a multipart body, the order of fields and the white space of JSON do not count. The person is not
    in it: keys are theirs already. Reads each file once.
    """
    data = request.data
    fields = dict(data.lists()) if isinstance(data, MultiValueDict) else data
    text = json.dumps([request.method, request.get_full_path(), fields], sort_keys=True, default=_digest)
    return hashlib.blake2b(text.encode(), digest_size=32).hexdigest()


def _digest(value: Any) -> dict[str, str]:
    """A file or long value in the place of a field. A file is left at its beginning for the view."""
    content = hashlib.blake2b(digest_size=32)
    if isinstance(value, LongValue):
        content.update(value.raw)
        return {"long": content.hexdigest()}
    if not isinstance(value, File):
        raise TypeError(f"{type(value).__name__} is no field of a request")
    for chunk in value.chunks():
        content.update(chunk)
    value.seek(0)
    return {"file": content.hexdigest()}
