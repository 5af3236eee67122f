"""What the matrix of tests/test_permissions.py sends to each route."""

from typing import Any

from tests.factories import PASSWORD

AUTHORIZATION = {
    "response_type": "code",
    "client_id": "{client_id}",
    "code_challenge": "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM",
    "code_challenge_method": "S256",
}
# What is sent, by route and method (of a GET in its address); {} for all others. `{name}` is filled in from `things`.
BODIES: dict[tuple[str, str], dict[str, Any]] = {
    ("auth-register", "POST"): {"email": "new@example.com", "password": PASSWORD},
    ("auth-token", "POST"): {"username": "owner", "password": PASSWORD},
    ("auth-refresh", "POST"): {"refresh": "{refresh}"},
    ("auth-password-change", "POST"): {"current_password": PASSWORD, "new_password": "another long one"},
    ("auth-password-reset", "POST"): {"email": "owner@example.com"},
    ("auth-password-reset-confirm", "POST"): {"token": "{reset_token}", "new_password": "another long one"},
    ("auth-email-verify", "POST"): {"token": "{verify_token}"},
    ("auth-email-change", "POST"): {"email": "new@example.com", "current_password": PASSWORD},
    ("me", "PATCH"): {"bio": "new"},
    ("me", "DELETE"): {"password": PASSWORD},
    ("me-preferences", "PATCH"): {"timezone": "Europe/Berlin"},
    ("me-picture", "PUT"): {"picture": "{picture}"},
    ("me-cover", "PUT"): {"cover": "{picture}"},
    ("recipe-list", "POST"): {"name": "Soup", "description": "Hot.", "image": "{picture}"},
    ("recipe-import", "POST"): {"jsonld": {"@type": "Recipe", "name": "Soup"}},
    ("recipe-detail", "PATCH"): {"name": "Hot soup"},
    ("recipe-rate", "POST"): {"score": 5},
    ("notification-read", "POST"): {"up_to": 1},
    ("report-list", "POST"): {"target": "recipe", "id": "{recipe_id}", "reason": "spam"},
    ("moderation-report", "PATCH"): {"status": "dismissed"},
    ("search", "GET"): {"q": "soup"},
    ("events", "GET"): {"channel": "{recipe_channel}"},
    ("post-list", "POST"): {"text": "Dinner is ready."},
    ("post-detail", "PATCH"): {"text": "Dinner was ready."},
    ("post-comments", "POST"): {"text": "Good."},
    ("recipe-comments", "POST"): {"text": "Good."},
    ("comment-replies", "POST"): {"text": "Good."},
    ("comment-detail", "PATCH"): {"text": "Better."},
    ("views", "POST"): {"post_ids": [1]},
    ("media-list", "POST"): {"image": "{picture}"},
    ("oauth2_provider:authorize", "GET"): AUTHORIZATION,
    ("oauth2_provider:token", "POST"): {"grant_type": "authorization_code", "client_id": "{client_id}", "code": "x"},
    ("oauth2_provider:revoke-token", "POST"): {"client_id": "{client_id}", "token": "x"},
    ("upload-list", "POST"): {"filename": "a.jpg", "content_type": "image/jpeg", "length": 10},
}
# What is sent beside it, and for what is no JSON instead of it.
TUS = {"Tus-Resumable": "1.0.0"}
HEADERS: dict[tuple[str, str], dict[str, str]] = {
    ("tus-list", "POST"): {**TUS, "Upload-Length": "10"},
    ("tus-detail", "PATCH"): {**TUS, "Upload-Offset": "0"},
    ("tus-detail", "DELETE"): TUS,
}
RAW: dict[tuple[str, str], tuple[bytes, str]] = {
    ("upload-chunk", "PUT"): (b"x", "application/octet-stream"),
    ("tus-detail", "PATCH"): (b"x", "application/offset+octet-stream"),
}
# The query of an address that has one whatever the method.
QUERIES: dict[str, dict[str, str]] = {"account-unsubscribe": {"token": "{unsubscribe_token}"}}
# What in an address or a body leads to the owner or to a thing of theirs.
OWNED = {"username", "recipe_id", "recipe_channel", "post_id", "comment_id", "owner_id"}
