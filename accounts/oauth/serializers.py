"""What `/o/token/` and `/o/revoke_token/` take and give, for the API's description: oauthlib reads and writes them."""

from typing import Any

from drf_spectacular.utils import OpenApiExample, extend_schema_serializer
from rest_framework import serializers


class OAuthTokenInput(serializers.Serializer[Any]):
    grant_type = serializers.ChoiceField(choices=["authorization_code", "refresh_token"])
    client_id = serializers.CharField(required=False, help_text="unless it is in a Basic header")
    client_secret = serializers.CharField(required=False, help_text="of confidential apps, unless in a Basic header")
    code = serializers.CharField(required=False)
    redirect_uri = serializers.CharField(required=False, help_text="the same as in /o/authorize/")
    code_verifier = serializers.CharField(required=False, help_text="whose SHA-256 was the code_challenge")
    refresh_token = serializers.CharField(required=False)
    scope = serializers.CharField(required=False, help_text="of a refresh: less than before, for this access token")


class OAuthTokenForm(OAuthTokenInput):
    """The same as a form. A content type has a component of its own, as generators of clients need it."""


@extend_schema_serializer(
    examples=[
        OpenApiExample(
            "sample",
            {
                "access_token": "eyJhbGciOi...",
                "expires_in": 900,
                "token_type": "Bearer",
                "scope": "read write",
                "refresh_token": "eyJhbGciOi...",
            },
        )
    ]
)
class OAuthTokenOutput(serializers.Serializer[Any]):
    access_token = serializers.CharField(help_text="for `Authorization: Bearer`, and for sockets")
    expires_in = serializers.IntegerField(help_text="seconds")
    token_type = serializers.ChoiceField(choices=["Bearer"])
    scope = serializers.CharField(help_text="what was granted, which may be less than was asked for")
    refresh_token = serializers.CharField(help_text="for one refresh; used twice, it ends what the app may do")


@extend_schema_serializer(
    examples=[OpenApiExample("sample", {"client_id": "w2Vb1...", "token": "eyJhbGciOi..."}, request_only=True)]
)
class RevocationInput(serializers.Serializer[Any]):
    token = serializers.CharField()
    token_type_hint = serializers.CharField(required=False, help_text="not needed")
    client_id = serializers.CharField(required=False, help_text="unless it is in a Basic header")
    client_secret = serializers.CharField(required=False)


class RevocationForm(RevocationInput):
    """The same as a form."""


@extend_schema_serializer(
    examples=[OpenApiExample("sample", {"error": "invalid_grant"}, response_only=True, status_codes=["400"])]
)
class OAuthErrorOutput(serializers.Serializer[Any]):
    error = serializers.CharField()
    error_description = serializers.CharField(required=False)
