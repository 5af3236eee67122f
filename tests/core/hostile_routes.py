"""Every address that may be written to, with things of one person in it."""

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

from django.urls import URLPattern, URLResolver, get_resolver

from tests.live.people import Person
from tests.routed import methods_of

WRITES = ("POST", "PUT", "PATCH")
_PARAMETER = re.compile(r"<(?:\w+:)?(\w+)>")


def things_of(person: Person) -> dict[str, Any]:
    """What stands in addresses, by the names that routes give it; "1" for all else."""
    post_id = person.call("POST", "/api/posts/", 201, json={"text": "Soup"})["id"]
    later = {"text": "Soup", "publish_at": (datetime.now(UTC) + timedelta(days=30)).isoformat()}
    upload = {"filename": "a.jpg", "content_type": "image/jpeg", "length": 10}
    tus = person.rest.post("/api/tus/", headers={"Tus-Resumable": "1.0.0", "Upload-Length": "10"})
    return {
        "username": person.username,
        "recipe_id": person.publish(),
        "post_id": post_id,
        "scheduled_id": person.call("POST", "/api/posts/", 201, json=later)["id"],
        "comment_id": person.call("POST", f"/api/posts/{post_id}/comments/", 201, json={"text": "Hot"})["id"],
        "upload_id": person.call("POST", "/api/uploads/", 201, json=upload)["id"],
        "tus_id": tus.headers["Location"].split("/")[3],
        "media_id": "00000000-0000-0000-0000-000000000001",
        "index": "0",
    }


def writing_routes(things: dict[str, Any]) -> Iterator[tuple[str, str]]:
    """(method, path). A view that is a function may take a POST."""
    for route, pattern in _walk(get_resolver()):
        methods = {"POST", *methods_of(pattern)}
        path = "/" + _PARAMETER.sub(lambda match: str(things.get(match[1], "1")), route)
        yield from ((method, path) for method in WRITES if method in methods)


def _walk(resolver: URLResolver, prefix: str = "") -> Iterator[tuple[str, URLPattern]]:
    for entry in resolver.url_patterns:
        route = prefix + str(entry.pattern)
        if isinstance(entry, URLResolver):
            yield from _walk(entry, route)
        elif "(?P" not in route:
            yield route, entry
