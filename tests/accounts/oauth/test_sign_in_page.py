"""The page where people sign in before they are asked."""

import pytest
from django.test import Client
from pytest_django import Settings

from accounts.models import Application, User
from tests.accounts.oauth.conftest import request_of, submit
from tests.factories import PASSWORD


def test_signing_in_leads_back_to_the_question(ann: User, app: Application) -> None:
    client = Client(enforce_csrf_checks=True)
    asked = client.get(request_of(app))
    assert asked.status_code == 302 and asked["Location"].startswith("/o/sign-in/?next=/o/authorize/")
    target = client.get(asked["Location"]).context["next"]
    answer = submit(client, asked["Location"], identifier="ANN@example.com", password=PASSWORD, next=target)
    assert answer.status_code == 302 and answer["Location"] == request_of(app)
    assert client.get(answer["Location"]).status_code == 200


@pytest.mark.parametrize(
    "target",
    [
        "https://evil.example/",
        "//evil.example/o/",
        "/\\evil.example",
        "/admin/",
        "/o/../admin/",
        "javascript:alert(1)",
        "",
        "\x00",
    ],
)
def test_it_leads_nowhere_else(ann: User, target: str) -> None:
    answer = submit(Client(), "/o/sign-in/", identifier="ann", password=PASSWORD, next=target)
    assert answer.status_code == 302 and answer["Location"] == "/o/apps/"


@pytest.mark.parametrize(
    ("identifier", "password"),
    [("ann", "wrong"), ("nobody", PASSWORD), ("ann", ""), ("", PASSWORD), ("a\x00nn", PASSWORD), ("ann", "x" * 200)],
)
def test_what_is_wrong_is_said_and_opens_nothing(ann: User, identifier: str, password: str) -> None:
    client = Client()
    answer = submit(client, "/o/sign-in/", identifier=identifier, password=password)
    assert answer.status_code == 400 and 'role="alert">' in answer.content.decode()
    assert "sessionid" not in client.cookies


def test_a_closed_account_does_not_come_in(ann: User) -> None:
    User.objects.update(is_active=False)
    assert submit(Client(), "/o/sign-in/", identifier="ann", password=PASSWORD).status_code == 400


def test_guessing_is_limited_together_with_the_api(ann: User) -> None:
    for _ in range(5):
        assert submit(Client(), "/o/sign-in/", identifier="ann", password="wrong").status_code == 400
    answer = submit(Client(), "/o/sign-in/", identifier="ann", password=PASSWORD)
    assert answer.status_code == 429 and "Too many failed sign-ins" in answer.content.decode()
    assert Client().post("/api/auth/token/", {"username": "ann", "password": PASSWORD}).status_code == 429


def test_forms_and_token_requests_share_one_limit(ann: User, app: Application, settings: Settings) -> None:
    settings.THROTTLES = {**settings.THROTTLES, "auth": "3/min"}
    assert submit(Client(), "/o/sign-in/", identifier="ann", password="wrong").status_code == 400
    for _ in range(2):
        answer = Client().post("/o/token/", {"client_id": app.client_id}, content_type="application/json")
        assert answer.status_code == 400 and "q=3;w=60" in answer["RateLimit-Policy"]
    for path in ("/o/token/", "/o/revoke_token/"):
        refusal = Client().post(path, {"client_id": app.client_id}, content_type="application/json")
        assert refusal.status_code == 429 and int(refusal["Retry-After"]) > 0
        assert refusal.json()["error"] == "temporarily_unavailable" and refusal.json()["code"] == "throttled"
    page = submit(Client(), "/o/sign-in/", identifier="ann", password=PASSWORD)
    assert page.status_code == 429 and int(page["Retry-After"]) > 0


def test_somebody_else_can_take_the_place(browser: Client, app: Application) -> None:
    page = browser.get(request_of(app))
    assert "Not you?" in page.content.decode()
    form = {"next": request_of(app), "csrfmiddlewaretoken": browser.cookies["csrftoken"].value}
    answer = browser.post("/o/sign-out/", form)
    assert answer.status_code == 302 and answer["Location"].startswith("/o/sign-in/?next=/o/authorize/")
    assert browser.get(request_of(app)).status_code == 302


def test_the_cookie_ends_with_the_browser_and_no_script_reads_it(browser: Client) -> None:
    cookie = browser.cookies["sessionid"]
    assert not cookie["max-age"] and not cookie["expires"]
    assert cookie["httponly"] and cookie["samesite"] == "Lax"


def test_the_cookie_opens_no_route_of_the_api(browser: Client) -> None:
    assert browser.get("/api/me/").status_code == 401
