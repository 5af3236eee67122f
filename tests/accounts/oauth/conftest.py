"""An app, a person with a browser, and the steps from the one to the other."""

import base64
import hashlib
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest
from django.http import HttpResponse
from django.test import Client
from rest_framework.test import APIClient

from accounts.models import Application, User
from tests.factories import PASSWORD, UserFactory

REDIRECT = "https://app.example/back"
VERIFIER = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"


@pytest.fixture
def ann(db: None) -> User:
    return UserFactory(username="ann", email="ann@example.com")


@pytest.fixture
def app(db: None) -> Application:
    """A public one."""
    return Application.objects.create(name="Pocket Kitchen", redirect_uris=f"{REDIRECT} com.example.app:/back")


@pytest.fixture
def browser(ann: User) -> Client:
    """Ann's, signed in on the pages, which checks the forms' tokens as Django does."""
    client = Client(enforce_csrf_checks=True)
    answer = submit(client, "/o/sign-in/", identifier="ann", password=PASSWORD)
    assert answer.status_code == 302, answer.content
    return client


def challenge_of(verifier: str) -> str:
    return base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=").decode()


def request_of(app: Application, **changes: Any) -> str:
    """The address of an authorization request that is in order, but for `changes`; None leaves a parameter out."""
    parameters = {
        "response_type": "code",
        "client_id": app.client_id,
        "redirect_uri": REDIRECT,
        "scope": "read write",
        "state": "xyz",
        "code_challenge": challenge_of(VERIFIER),
        "code_challenge_method": "S256",
        **changes,
    }
    return "/o/authorize/?" + urlencode({name: value for name, value in parameters.items() if value is not None})


def submit(client: Client, url: str, **fields: str) -> Any:
    """Opens a page and sends its form."""
    page: Any = client.get(url)
    assert page.status_code == 200, page.content
    return client.post(url, {**fields, "csrfmiddlewaretoken": client.cookies["csrftoken"].value})


def answer_in(response: HttpResponse, redirect: str = REDIRECT) -> dict[str, str]:
    """What a redirect back to the app tells it."""
    assert response.status_code == 302, response.content
    location = response["Location"]
    assert location.startswith(f"{redirect}?"), location
    return {name: values[0] for name, values in parse_qs(urlsplit(location).query).items()}


def code_for(browser: Client, app: Application, **changes: Any) -> str:
    return answer_in(submit(browser, request_of(app, **changes), allow="yes"))["code"]


def exchange(app: Application, issued: str, **changes: Any) -> Any:
    """POST /o/token/ with a code, as JSON."""
    body = {
        "grant_type": "authorization_code",
        "client_id": app.client_id,
        "code": issued,
        "redirect_uri": REDIRECT,
        "code_verifier": VERIFIER,
        **changes,
    }
    return APIClient().post("/o/token/", {name: value for name, value in body.items() if value is not None})


def tokens_for(browser: Client, app: Application, scope: str = "read write") -> dict[str, Any]:
    """The token reply of an app that was allowed `scope`."""
    answer = exchange(app, code_for(browser, app, scope=scope))
    assert answer.status_code == 200, answer.content
    reply: dict[str, Any] = answer.json()
    return reply


def refresh(app: Application, token: str, **changes: Any) -> Any:
    body = {"grant_type": "refresh_token", "client_id": app.client_id, "refresh_token": token, **changes}
    return APIClient().post("/o/token/", body)
