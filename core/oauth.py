"""How django-oauth-toolkit is set: apps of others act for people by an authorization code with PKCE (docs/oauth.md)."""

from datetime import timedelta
from typing import Any

SCOPES = {
    "read": "Read what you can read: your profile with its e-mail address, your feed and your notifications too.",
    "write": "Publish, rate, comment, like, follow and edit in your name.",
    "moderate": "Decide about reports and remove what others wrote.",
}
_UNUSED = ("ACCESS_TOKEN", "REFRESH_TOKEN", "ID_TOKEN")
# Best current practice, RFC 9700: all of it.
_GATES = (
    *("IMPLICIT_GRANT", "PASSWORD_GRANT", "PKCE_METHOD", "PKCE_REQUIRED", "ACCESS_TOKEN_TRANSPORT"),
    *("AUTHZ_RESPONSE_ISS", "TOKEN_STORAGE", "REFRESH_TOKEN", "REDIRECT_URI_SCHEME", "REDIRECT_URI_MATCHING"),
)


def provider(*, access: timedelta, refresh: timedelta) -> dict[str, Any]:
    """OAUTH2_PROVIDER. How long tokens live is what it says of them: they are those of a session of ours."""
    return {
        "SCOPES": SCOPES,
        "DEFAULT_SCOPES": ["read"],
        "OAUTH2_SERVER_CLASS": "oauthlib.oauth2.WebApplicationServer",  # neither implicit nor password grants
        "OAUTH2_VALIDATOR_CLASS": "accounts.oauth.validator.Validator",
        "OAUTH2_BACKEND_CLASS": "accounts.oauth.bodies.ParsedBodies",
        "AUTHORIZATION_CODE_EXPIRE_SECONDS": 60,
        "ACCESS_TOKEN_EXPIRE_SECONDS": int(access.total_seconds()),
        "REFRESH_TOKEN_EXPIRE_SECONDS": int(refresh.total_seconds()),
        "REFRESH_TOKEN_REUSE_PROTECTION": True,
        "PKCE_REQUIRED": True,
        # Of apps on people's own devices, Application.get_allowed_schemes knows more.
        "ALLOWED_REDIRECT_URI_SCHEMES": ["https"],
        "OAUTH2_RESPONSE_TYPES_SUPPORTED": ["code"],
        "OAUTH2_GRANT_TYPES_SUPPORTED": ["authorization_code", "refresh_token"],
        "OAUTH2_TOKEN_ENDPOINT_AUTH_METHODS_SUPPORTED": ["none", "client_secret_basic", "client_secret_post"],
        "APPLICATION_ADMIN_CLASS": "accounts.oauth.admin.ApplicationAdmin",
        "GRANT_ADMIN_CLASS": "accounts.oauth.admin.GrantAdmin",
        **{f"{table}_ADMIN_CLASS": "accounts.oauth.admin.UnusedAdmin" for table in _UNUSED},
        **{f"COMPLIANT_BCP_RFC9700_{gate}": True for gate in _GATES},
    }
