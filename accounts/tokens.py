"""The two JWTs of a session. They name it (`sid`); whether it lives is asked of the database on every use."""

import time
from contextlib import suppress
from functools import lru_cache
from typing import Any, NamedTuple, NoReturn

from rest_framework_simplejwt.exceptions import ExpiredTokenError, TokenError
from rest_framework_simplejwt.settings import api_settings
from rest_framework_simplejwt.tokens import Token

from accounts.models import Session
from core.errors import Unauthenticated

# Access tokens whose signatures a process remembers; each takes some 700 bytes.
TOKENS = 10_000


class Claims(NamedTuple):
    """What an access token says: the session (`sid`), whose it is, and until when it is good in seconds since 1970.

    `scope` is None but in an app's.
    """

    sid: str
    user_id: int
    exp: int
    scope: str | None


class AccessToken(Token):
    """Claims: token_type, sid, user_id, exp, iat, jti; of an app's also `scope`, as OAuth writes it."""

    token_type = "access"  # noqa: S105  a kind, not a secret
    lifetime = api_settings.ACCESS_TOKEN_LIFETIME


class RefreshToken(Token):
    """Claims: those of the access token, and `gen`, the session's generation that it may be used in."""

    token_type = "refresh"  # noqa: S105  a kind, not a secret
    lifetime = api_settings.REFRESH_TOKEN_LIFETIME


def issue_tokens(session: Session, *, scope: str | None = None) -> dict[str, str]:
    """{"access", "refresh"} of the session's present generation.

    `scope`: of an app's session, what this access token is good for, if less than all that the app may do.
    """
    access, refresh = AccessToken(), RefreshToken()
    for token in (access, refresh):
        token["sid"] = str(session.pk)
        token["user_id"] = session.user_id
    if session.application_id is not None:
        access["scope"] = session.scope if scope is None else scope
    refresh["gen"] = session.generation
    return {"access": str(access), "refresh": str(refresh)}


def read_access(token: str) -> Claims:
    """The claims of an access token whose signature and time are good. Unauthenticated otherwise."""
    claims = _signed(token)
    if claims.exp <= time.time():
        refuse_expired()
    return claims


@lru_cache(TOKENS)
def _signed(token: str) -> Claims:
    """A signature is good for ever, and looking at it again took a tenth of what a signed-in read costs."""
    claims = _read(AccessToken, token)
    return Claims(claims["sid"], claims["user_id"], claims["exp"], claims.get("scope"))


def read_refresh(token: str) -> dict[str, Any]:
    """The claims of a refresh token whose signature and time are good. Unauthenticated otherwise."""
    return _read(RefreshToken, token)


def session_id_of(token: str) -> str | None:
    """The session id in an access or refresh token, None unless its signature and time are good. No query."""
    with suppress(Unauthenticated):
        return str(read_refresh(token)["sid"])
    with suppress(Unauthenticated):
        return read_access(token).sid
    return None


def refuse_expired() -> NoReturn:
    raise Unauthenticated("The token has expired.", code="token_expired")


def refuse_invalid() -> NoReturn:
    raise Unauthenticated("The token is not valid, or its session has ended.", code="token_invalid")


def _read(kind: type[Token], token: str) -> dict[str, Any]:
    try:
        claims: dict[str, Any] = kind(token).payload  # type: ignore[arg-type]  # simplejwt annotates it as a Token
    except ExpiredTokenError:
        refuse_expired()
    except (TokenError, UnicodeError):
        refuse_invalid()
    # Signed by us and yet without a session: a token of another use of the same key.
    if "sid" not in claims or (kind is RefreshToken and "gen" not in claims):
        refuse_invalid()
    return claims
