"""The limits of what keeps a session alive or ends it: one for each session, and a wide one for each address.

Refreshing and signing out never count with reading or signing in, so many users behind one address do not lock each
other out.
"""

from typing import Any

from rest_framework.request import Request

from accounts.models import Session
from accounts.tokens import session_id_of
from core.throttles import address_key, fields_of


def session_keys(request: Request, session_id: str | None) -> dict[str, str]:
    """For `throttle_keys` of a view: what a write for that session counts under; None: it names no session of ours."""
    keys = {"refresh_address": address_key(request)}
    return keys if session_id is None else {"refresh": session_id, **keys}


def named_session(request: Request, field: str) -> str | None:
    """The id of the session that the token in that field of the body belongs to, or the one in the header.

    None unless the token's signature is good: a made-up token must not use up the limit of anyone's session.
    """
    token: Any = fields_of(request).get(field)
    if isinstance(token, str) and (session_id := session_id_of(token)) is not None:
        return session_id
    return str(request.auth.pk) if isinstance(request.auth, Session) else None
