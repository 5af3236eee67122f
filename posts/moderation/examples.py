"""Samples of requests and answers for the API's description."""

from typing import Any

from drf_spectacular.utils import OpenApiExample

_MOLLY = {
    "id": 2,
    "username": "molly",
    "display_name": "Molly",
    "picture": "/api/default-pictures/picture/2-M.png",
    "role": "customer",
}
_CARL = {
    "id": 7,
    "username": "carl",
    "display_name": "Carl",
    "picture": "/api/default-pictures/picture/7-C.png",
    "role": "customer",
}
_SPAMMER = {
    "id": 66,
    "username": "cheap_pans",
    "display_name": "cheap_pans",
    "picture": "/api/default-pictures/picture/6-CP.png",
    "role": "seller",
}
_REPORT: dict[str, Any] = {
    "id": 5,
    "target": "comment",
    "target_id": 9,
    "reason": "spam",
    "note": "The same under every recipe.",
    "status": "open",
    "created_at": "2026-03-01T18:00:00Z",
}

SPAM = OpenApiExample(
    "spam",
    {"target": "comment", "id": 9, "reason": "spam", "note": "The same under every recipe."},
    request_only=True,
)
REPORTED = OpenApiExample("the report", _REPORT, response_only=True, status_codes=["200", "201"])
QUEUED = OpenApiExample(
    "a report in the queue",
    {
        **_REPORT,
        "reporter": _CARL,
        "thing": {"text": "Cheap pans here!", "owner": _SPAMMER},
        "updated_at": "2026-03-01T18:00:00Z",
    },
    response_only=True,
    status_codes=["200"],
)
REMOVAL = OpenApiExample(
    "remove it", {"status": "resolved", "action": "remove", "note": "Advertising."}, request_only=True
)
REMOVED = OpenApiExample(
    "a removal",
    {
        "id": 31,
        "action": "removed",
        "target": "comment",
        "target_id": 9,
        "report_id": None,
        "note": "",
        "created_at": "2026-03-01T19:00:00Z",
        "moderator": _MOLLY,
        "owner": _SPAMMER,
    },
    response_only=True,
    status_codes=["200"],
)
