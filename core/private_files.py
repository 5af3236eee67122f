"""`/private/`: files of PRIVATE_MEDIA_ROOT for whoever has a signed address, which is good for a while.

    /private/originals/5f/5f0c...?type=image%2Fjpeg&name=5f0c....jpg&expires=1767225600&signature=...

They are what strangers sent, so they come as attachments that no browser shows as a page.
"""

import hmac
import time
from urllib.parse import parse_qs, urlencode

from django.conf import settings
from django.utils.crypto import salted_hmac

from core import errors
from core.files import HEADERS, Files, Wanted


def signed_address(key: str, *, content_type: str, filename: str, seconds: int) -> str:
    """An address of the file KEY for SECONDS from now. FILENAME is plain ASCII, without quotes."""
    expires = str(int(time.time()) + seconds)
    signature = _signature(key, content_type, filename, expires)
    query = urlencode({"type": content_type, "name": filename, "expires": expires, "signature": signature})
    return f"{settings.PRIVATE_MEDIA_URL}{key}?{query}"


class PrivateFiles(Files):
    """The files that are signed for. Forbidden with the code `bad_signature` or `link_expired`."""

    def wanted(self, path: str, query: str) -> Wanted | None:
        key = path.removeprefix(settings.PRIVATE_MEDIA_URL)
        given = {name: values[-1] for name, values in parse_qs(query).items()}
        content_type, filename, expires = (given.get(name, "") for name in ("type", "name", "expires"))
        signature = _signature(key, content_type, filename, expires)
        if not hmac.compare_digest(signature.encode(), given.get("signature", "").encode()):
            raise errors.Forbidden("This address is not signed: ask for a new one.", code="bad_signature")
        left = int(expires) - int(time.time())
        if left <= 0:
            raise errors.Forbidden("This address is too old: ask for a new one.", code="link_expired")
        headers = {
            **HEADERS,
            "content-type": content_type,
            "content-disposition": f'attachment; filename="{filename}"',
            "cache-control": f"private, max-age={left}",
        }
        return Wanted(str(settings.PRIVATE_MEDIA_ROOT), key, "/accel/private/", headers)


def _signature(*signed: str) -> str:
    return salted_hmac("core.private_files", "\n".join(signed), algorithm="sha256").hexdigest()
