"""Domain errors: what a service raises. They know no HTTP; `core.api` gives each class its status.

Every error has a stable machine `code` (snake_case), a `detail` for people, and, for input, messages by field.
"""

from collections.abc import Mapping, Sequence


class DomainError(Exception):
    """Base of everything a service refuses. `code` is part of the API: changing one breaks clients."""

    code = "error"

    def __init__(self, detail: str, *, code: str | None = None) -> None:
        super().__init__(detail)
        self.detail = detail
        if code is not None:
            self.code = code


class Invalid(DomainError):
    """The input is wrong. `errors` maps field names to messages; it may be empty."""

    code = "invalid"

    def __init__(
        self, detail: str, *, code: str | None = None, errors: Mapping[str, Sequence[str]] | None = None
    ) -> None:
        super().__init__(detail, code=code)
        self.errors = {field: list(messages) for field, messages in (errors or {}).items()}


class Unauthenticated(DomainError):
    """Nobody is signed in, or the token or password is not accepted."""

    code = "unauthenticated"


class Forbidden(DomainError):
    """The person may see the thing and may not do this with it."""

    code = "forbidden"


class InsufficientScope(Forbidden):
    """The person may do this, and has not allowed it to the app. `scope` would; "" when no app may do it."""

    code = "insufficient_scope"

    def __init__(self, scope: str) -> None:
        needed = f"This needs the scope {scope!r}." if scope else "No app may do this, only the person."
        super().__init__(needed)
        self.scope = scope


class NotFound(DomainError):
    """There is no such thing, or the person may not see it: the two are never told apart."""

    code = "not_found"


class Conflict(DomainError):
    """The thing is in a state that does not allow this. `errors` may say more, as of `Invalid`."""

    code = "conflict"

    def __init__(
        self, detail: str, *, code: str | None = None, errors: Mapping[str, Sequence[str]] | None = None
    ) -> None:
        super().__init__(detail, code=code)
        self.errors = {name: list(messages) for name, messages in (errors or {}).items()}


class Gone(DomainError):
    """It was here and will not come back."""

    code = "gone"


class PreconditionFailed(DomainError):
    """Somebody else changed the thing first (If-Match)."""

    code = "precondition_failed"


class TooLarge(DomainError):
    """More bytes, pixels or items than allowed."""

    code = "too_large"


class UnsupportedType(DomainError):
    """The bytes are of a kind that is not taken here."""

    code = "unsupported_media_type"


class Unprocessable(DomainError):
    """The input is well-formed, and contradicts what was sent before, or nothing can be made of it (see `code`)."""

    code = "unprocessable"


class Locked(DomainError):
    """Somebody else is writing this very thing at the moment; trying again soon helps."""

    code = "locked"


class StorageFull(DomainError):
    """There is no room for these bytes. Nothing was lost by trying."""

    code = "storage_full"


class Throttled(DomainError):
    """Too many tries. `wait`: whole seconds until the next one may be made."""

    code = "throttled"

    def __init__(self, detail: str, *, wait: int, code: str | None = None) -> None:
        super().__init__(detail, code=code)
        self.wait = wait


class Unavailable(DomainError):
    """A part that this needs is away; trying again later may help."""

    code = "unavailable"
