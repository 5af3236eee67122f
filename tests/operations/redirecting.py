"""A web server that sends the gateway to files, as Simmer does for what lies in private."""

from typing import Any

import django

# As Simmer's own application does when it is loaded.
django.setup()


async def application(scope: Any, receive: Any, send: Any) -> None:
    headers = [(b"cache-control", b"private, max-age=60"), (b"set-cookie", b"a=b")]
    match scope["path"].split("/"):
        case ["", "private", *name]:
            headers += [
                (b"x-accel-redirect", f"/accel/private/{'/'.join(name)}".encode()),
                (b"content-type", b"image/jpeg"),
                (b"content-disposition", b'attachment; filename="a.jpg"'),
            ]
        case ["", "public", *name]:
            headers += [
                (b"x-accel-redirect", f"/accel/public/{'/'.join(name)}".encode()),
                (b"content-type", b"image/webp"),
            ]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": b""})
