"""Addresses of the OAuth provider. The namespace is the one in which django-oauth-toolkit looks for them."""

from django.urls import path
from oauth2_provider.views.metadata import OAuthServerMetadataView

from accounts.views.oauth import consent, people, tokens

app_name = "oauth2_provider"
urlpatterns = [
    path("o/authorize/", consent.AuthorizeView.as_view(), name="authorize"),
    path("o/token/", tokens.TokenView.as_view(), name="token"),
    path("o/revoke_token/", tokens.RevokeTokenView.as_view(), name="revoke-token"),
    path("o/apps/", people.AppsView.as_view(), name="apps"),
    path("o/sign-in/", people.SignInView.as_view(), name="sign-in"),
    path("o/sign-out/", people.SignOutView.as_view(), name="sign-out"),
    path(".well-known/oauth-authorization-server", OAuthServerMetadataView.as_view(), name="oauth-server-metadata"),
]
