"""Addresses of Redis that mean the same to redis-py and to kombu (Celery)."""

import re
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

# A semicolon in a password does not begin another address.
_NEXT = re.compile(r";(?=\w+://)")


def verified(url: str) -> str:
    """`url` with the server's certificate verified for `rediss://`, unless it says `ssl_cert_reqs=none` itself.

    redis-py verifies by default. kombu does not: without `ssl_cert_reqs` it takes CERT_NONE. Celery writes the value as
    CERT_REQUIRED, which redis-py refuses, so this function writes it as `required`. Celery accepts several brokers,
    separated by semicolons.
    """
    several = _NEXT.split(url)
    if len(several) > 1:
        return ";".join(map(verified, several))
    parts = urlsplit(url)
    if parts.scheme != "rediss":
        return url
    query = dict(parse_qsl(parts.query, keep_blank_values=True))
    query["ssl_cert_reqs"] = query.get("ssl_cert_reqs", "required").lower().removeprefix("cert_")
    return urlunsplit(parts._replace(query=urlencode(query)))
