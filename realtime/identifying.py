"""Who a connection is, by the token of its connect or refresh, in the words of the protocol."""

import time
from dataclasses import replace
from typing import Any

from core import threads
from realtime import protocol
from realtime.channels import Identity, ScopeMissing, TokenExpired, TokenInvalid, read_token, verify_token
from realtime.protocol import Close, Disconnect


async def identify(token: str) -> Identity:
    """Who that is, by the signature. Whether the session still lives is to be asked once it is the connection's."""
    try:
        return read_token(token) or replace(await threads.run(verify_token, token), user=None)
    except TokenExpired as error:
        raise protocol.TokenExpired from error
    except ScopeMissing as error:
        raise protocol.PermissionDenied from error
    except TokenInvalid as error:
        raise Disconnect(Close.INVALID_TOKEN, "invalid token") from error


def lifetime(identity: Identity | None) -> dict[str, Any]:
    """What a reply says of how long the connection may last."""
    if identity is None:
        return {}
    return {"expires": True, "ttl": max(1, int(identity.expires_at - time.time()))}
