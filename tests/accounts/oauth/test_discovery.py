"""What apps learn before they ask, and from which pages they may be called."""

import pytest
from pytest_django import Settings
from rest_framework.test import APIClient

pytestmark = pytest.mark.django_db


def test_a_client_finds_all_it_has_to_know() -> None:
    found = APIClient().get("/.well-known/oauth-authorization-server").json()
    assert found == {
        "issuer": "http://testserver",
        "authorization_endpoint": "http://testserver/o/authorize/",
        "token_endpoint": "http://testserver/o/token/",
        "revocation_endpoint": "http://testserver/o/revoke_token/",
        "response_types_supported": ["code"],
        "grant_types_supported": ["authorization_code", "refresh_token"],
        "code_challenge_methods_supported": ["S256"],
        "scopes_supported": ["moderate", "read", "write"],
        "token_endpoint_auth_methods_supported": ["none", "client_secret_basic", "client_secret_post"],
        "revocation_endpoint_auth_methods_supported": ["none", "client_secret_basic", "client_secret_post"],
        "authorization_response_iss_parameter_supported": True,
        "client_id_metadata_document_supported": False,
    }


@pytest.mark.parametrize("path", ["/o/token/", "/o/revoke_token/"])
def test_pages_of_listed_origins_may_call_what_apps_call(settings: Settings, path: str) -> None:
    settings.CORS_ALLOWED_ORIGINS = ["https://app.example"]
    client = APIClient()
    preflight = {"HTTP_ACCESS_CONTROL_REQUEST_METHOD": "POST", "HTTP_ACCESS_CONTROL_REQUEST_HEADERS": "content-type"}
    allowed = client.options(path, HTTP_ORIGIN="https://app.example", **preflight)
    assert allowed["Access-Control-Allow-Origin"] == "https://app.example"
    assert "content-type" in allowed["Access-Control-Allow-Headers"]
    assert client.post(path, {}, HTTP_ORIGIN="https://app.example")["Access-Control-Allow-Origin"]
    assert "Access-Control-Allow-Origin" not in client.post(path, {}, HTTP_ORIGIN="https://evil.example")


@pytest.mark.parametrize("path", ["/o/authorize/", "/o/apps/", "/o/sign-in/"])
def test_no_other_origin_reads_a_page(settings: Settings, path: str) -> None:
    settings.CORS_ALLOWED_ORIGINS = ["https://app.example"]
    assert "Access-Control-Allow-Origin" not in APIClient().get(path, HTTP_ORIGIN="https://app.example")
