"""What oauthlib asks about apps, codes and tokens. The tokens are ours, the rest is django-oauth-toolkit's."""

from typing import Any

from django.utils import timezone
from oauth2_provider.models import Grant
from oauth2_provider.oauth2_validators import OAuth2Validator
from oauthlib.oauth2.rfc6749.errors import InvalidGrantError

from accounts.models import User
from accounts.services.apps import app_session_of, code_exchange, code_reused
from accounts.services.sessions import session_refresh, session_revoke
from accounts.tokens import issue_tokens
from core.errors import Unauthenticated
from core.scopes import MODERATE


def grantable(scopes: list[str], user: User) -> list[str]:
    """Those of `scopes`, each once, that this person can give away: `moderate` is staff's."""
    return [scope for scope in dict.fromkeys(scopes) if scope != MODERATE or user.is_moderator]


class Validator(OAuth2Validator):  # type: ignore[misc]  # it is not typed
    """`request` is oauthlib's, which carries what was found from one question to the next."""

    def _create_authorization_code(self, request: Any, code: Any, expires: Any = None) -> Grant:
        # A person's dead codes go when they come back, so no clean-up of the table is needed.
        Grant.objects.filter(user=request.user, expires__lte=timezone.now()).delete()
        request.scopes = grantable(request.scopes, request.user)
        return super()._create_authorization_code(request, code, expires)

    def validate_code(self, client_id: str, code: str, client: Any, request: Any, *args: Any, **kwargs: Any) -> bool:
        found = Grant.objects.select_related("user", "application").filter(code=code, application=client).first()
        if found is None:
            code_reused(code=code, application=client)
        if found is None or found.is_expired():
            return False
        request.grant, request.user, request.scopes = found, found.user, found.scope.split()
        return True

    # The three that follow are asked about the code that `validate_code` has found.

    def get_code_challenge(self, code: str, request: Any) -> str:
        challenge: str = request.grant.code_challenge
        return challenge

    def get_code_challenge_method(self, code: str, request: Any) -> str:
        method: str = request.grant.code_challenge_method
        return method

    def confirm_redirect_uri(
        self, client_id: str, code: str, redirect_uri: str, client: Any, request: Any, *args: Any, **kwargs: Any
    ) -> bool:
        allowed: bool = request.grant.redirect_uri_allowed(redirect_uri)
        return allowed

    def invalidate_authorization_code(self, client_id: str, code: str, request: Any, *args: Any, **kwargs: Any) -> None:
        """`save_bearer_token` has, in the transaction of the session."""

    def validate_refresh_token(self, refresh_token: str, client: Any, request: Any, *args: Any, **kwargs: Any) -> bool:
        """Whether it is one of this app's. Whether it is still good is decided by the one statement that uses it up."""
        session = app_session_of(token=refresh_token, application=client)
        if session is None:
            return False
        request.app_session, request.user = session, session.user
        return True

    def get_original_scopes(self, refresh_token: str, request: Any, *args: Any, **kwargs: Any) -> list[str]:
        scopes: list[str] = request.app_session.scopes()
        return scopes

    def save_bearer_token(self, token: dict[str, Any], request: Any, *args: Any, **kwargs: Any) -> None:
        """Puts the tokens of a session in the place of those that oauthlib has made up."""
        try:
            if request.grant_type == "refresh_token":
                session = session_refresh(refresh=request.refresh_token, application=request.client)
            else:
                agent = request.headers.get("HTTP_USER_AGENT", "").replace("\x00", "")
                session = code_exchange(grant=request.grant, scope=token["scope"], user_agent=agent)
        except Unauthenticated as error:
            raise InvalidGrantError(request=request) from error
        issued = issue_tokens(session, scope=token["scope"])
        token.update(access_token=issued["access"], refresh_token=issued["refresh"])

    def revoke_token(self, token: str, token_type_hint: str, request: Any, *args: Any, **kwargs: Any) -> None:
        session = app_session_of(token=token, application=request.client)
        if session is not None:
            session_revoke(session=session)
