"""`/o/authorize/`: an app asks, a person allows (docs/oauth.md)."""

import re
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from django.contrib.auth.views import redirect_to_login
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.views.generic import View
from oauth2_provider.exceptions import FatalClientError, OAuthToolkitError
from oauth2_provider.http import OAuth2ResponseRedirect
from oauth2_provider.settings import oauth2_settings
from oauth2_provider.views.mixins import OAuthLibMixin
from oauthlib.common import add_params_to_uri
from oauthlib.oauth2.rfc6749.errors import InvalidRequestError, InvalidScopeError

from accounts.models import Application, User
from accounts.oauth.pages import page, refused, too_many
from accounts.oauth.validator import grantable
from core.oauth import SCOPES

# What SHA-256 gives, as PKCE writes it (RFC 7636, 4.2).
_CHALLENGE = re.compile(r"[A-Za-z0-9_-]{43}\Z")


@dataclass(frozen=True)
class Asked:
    """An authorization request that is in order. `credentials` is oauthlib's, for the answer."""

    application: Application
    scopes: list[str]
    credentials: dict[str, Any]

    @property
    def redirect_uri(self) -> str:
        uri: str = self.credentials["redirect_uri"]
        return uri


class AuthorizeView(OAuthLibMixin, View):  # type: ignore[misc]  # it is not typed
    """GET asks the person whether the app may, and POST sends the browser back to the app with the answer.

    All of the request is in the address, for both. What is wrong with it is told before anybody signs in: to the app,
    by a redirect, once it is known who it is and where it lives; until then to the person, on a page.
    """

    def get(self, request: HttpRequest) -> HttpResponse:
        try:
            asked = self._asked(request)
        except OAuthToolkitError as error:
            return self._refusal(request, error)
        if not isinstance(request.user, User):
            return redirect_to_login(request.get_full_path(), reverse("oauth2_provider:sign-in"))
        context = {
            "app": asked.application,
            "host": asked.redirect_uri.partition("?")[0],
            "permissions": [SCOPES[scope] for scope in asked.scopes],
        }
        return page(request, "consent", context, leads_to=asked.redirect_uri)

    def post(self, request: HttpRequest) -> HttpResponse:
        if not isinstance(request.user, User):
            return redirect_to_login(request.get_full_path(), reverse("oauth2_provider:sign-in"))
        if (limited := too_many(request)) is not None:
            return limited
        try:
            asked = self._asked(request)
            uri, *_ = self.create_authorization_response(
                request, " ".join(asked.scopes), asked.credentials, allow="allow" in request.POST
            )
        except OAuthToolkitError as error:
            return self._refusal(request, error)
        return _to_app(uri)

    def _asked(self, request: HttpRequest) -> Asked:
        """Raises OAuthToolkitError: FatalClientError when nobody may be sent anywhere."""
        try:
            scopes, info = self.validate_authorization_request(request)
        except ValueError as error:  # an address that is not encoded as one
            raise FatalClientError(InvalidRequestError(description="The address is malformed.")) from error
        found = info.pop("request")
        # The parts of OpenID Connect and of RFC 8707, which are not served here.
        credentials = {**info, "resource": [], "nonce": "", "claims": {}}
        if found.code_challenge_method != "S256" or not _CHALLENGE.match(found.code_challenge):
            raise OAuthToolkitError(
                InvalidRequestError(description="PKCE with code_challenge_method=S256 is required.", request=found),
                redirect_uri=found.redirect_uri,
            )
        if isinstance(request.user, User):
            scopes = grantable(scopes, request.user)
        if not scopes:
            raise OAuthToolkitError(InvalidScopeError(request=found), redirect_uri=found.redirect_uri)
        return Asked(found.client, scopes, credentials)

    def _refusal(self, request: HttpRequest, error: OAuthToolkitError) -> HttpResponse:
        to_app, context = self.error_response(error)
        found = context["error"]
        if not to_app:
            return refused(request, found.description or found.error, status=found.status_code)
        issuer = oauth2_settings.oauth2_authorization_server_issuer(request)
        return _to_app(add_params_to_uri(context["url"], [("iss", issuer)]))


def _to_app(uri: str) -> HttpResponse:
    """To an address that was compared with those of the app: its scheme is whatever was registered."""
    response: HttpResponse = OAuth2ResponseRedirect(uri, [urlsplit(uri).scheme])
    response["Cache-Control"] = "no-store"
    return response
