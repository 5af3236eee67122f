"""Apps in the admin: what staff may register, and what they are shown once."""

import re
from typing import Any

import pytest
from django.test import Client

from accounts.models import Application
from tests.accounts.oauth.conftest import REDIRECT, code_for, exchange

ADD = "/admin/accounts/application/add/"


def add(staff: Client, **changes: str) -> Any:
    form = {"name": "Server", "client_type": "confidential", "redirect_uris": REDIRECT, "user": "", **changes}
    return staff.post(ADD, form, follow=True)


def told(answer: Any) -> str:
    return " ".join(str(message) for message in answer.context["messages"])


def secret_in(answer: Any) -> str:
    found = re.search(r"its secret (\w+)\.", told(answer))
    assert found is not None
    return found[1]


def test_a_confidential_app_is_told_its_secret_once(admin_client: Client, browser: Client) -> None:
    answer = add(admin_client)
    app, secret = Application.objects.get(), secret_in(answer)
    assert secret not in app.client_secret
    assert exchange(app, code_for(browser, app), client_secret=secret).status_code == 200
    page = admin_client.get(f"/admin/accounts/application/{app.pk}/change/").text
    assert app.client_id in page and app.client_secret not in page

    renew = {"action": "give_new_secret", "_selected_action": [app.pk]}
    new = secret_in(admin_client.post("/admin/accounts/application/", renew, follow=True))
    code = code_for(browser, app)
    assert exchange(app, code, client_secret=secret).status_code == 401
    assert exchange(app, code, client_secret=new).status_code == 200


def test_a_public_app_has_none(admin_client: Client, browser: Client) -> None:
    said = told(add(admin_client, client_type="public"))
    app = Application.objects.get()
    assert app.client_id in said and "secret" not in said
    assert exchange(app, code_for(browser, app)).status_code == 200


@pytest.mark.parametrize(
    "redirects",
    [
        "",
        "http://app.example/back",
        "javascript:alert(1)",
        "data:text/html,x",
        "myapp:/back",
        "file:///etc/passwd",
        "https://app.example/back#part",
        "https://*.example/back",
        "//app.example",
        f"{REDIRECT} http://evil.example/",
    ],
)
def test_addresses_that_are_no_safe_way_back_are_refused(admin_client: Client, redirects: str) -> None:
    answer = add(admin_client, redirect_uris=redirects)
    assert answer.status_code == 200 and answer.context["errors"]
    assert not Application.objects.exists()


@pytest.mark.parametrize(
    "redirects", [REDIRECT, "com.example.app:/back", "http://127.0.0.1/back", "http://[::1]/", "http://localhost:80/x"]
)
def test_addresses_of_apps_on_the_web_and_on_devices_are_taken(admin_client: Client, redirects: str) -> None:
    add(admin_client, redirect_uris=redirects)
    assert Application.objects.get().redirect_uris == redirects


def test_nothing_that_skips_consent_can_be_set(admin_client: Client) -> None:
    add(admin_client, skip_authorization="on", authorization_grant_type="password", algorithm="HS256")
    app = Application.objects.get()
    assert not app.skip_authorization and app.authorization_grant_type == "authorization-code" and not app.algorithm
