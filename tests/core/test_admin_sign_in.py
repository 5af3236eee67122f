"""The admin's sign-in page: guessing is limited, and the right password forgets the slips before it."""

import pytest
from django.test import Client
from pytest_django import Settings

from accounts.models import User
from tests.factories import PASSWORD, UserFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def admin() -> User:
    return UserFactory(username="chef", is_staff=True, is_superuser=True)


def sign_in(client: Client, password: str) -> int:
    return client.post("/admin/login/", {"username": "chef", "password": password}).status_code


def test_the_right_password_opens_the_admin(client: Client, admin: User) -> None:
    assert sign_in(client, PASSWORD) == 302
    assert client.get("/admin/").status_code == 200


def test_after_five_wrong_ones_the_right_password_waits_too(client: Client, admin: User) -> None:
    assert [sign_in(client, "wrong") for _ in range(5)] == [200] * 5
    page = client.post("/admin/login/", {"username": "chef", "password": PASSWORD})
    assert page.status_code == 200 and "Too many failed sign-ins" in page.content.decode()
    # Somebody elsewhere is not shut out by it.
    elsewhere = client.post("/admin/login/", {"username": "chef", "password": PASSWORD}, REMOTE_ADDR="192.0.2.9")
    assert elsewhere.status_code == 302


def test_a_success_forgets_the_slips(client: Client, admin: User) -> None:
    for _ in range(3):
        assert [sign_in(client, "wrong") for _ in range(4)] == [200] * 4
        assert sign_in(client, PASSWORD) == 302
        client.logout()


def test_failed_sign_ins_of_the_admin_and_of_the_api_are_counted_together(client: Client, admin: User) -> None:
    body = {"username": "chef", "password": "wrong"}
    for _ in range(3):
        assert client.post("/api/auth/token/", body, content_type="application/json").status_code == 401
    assert [sign_in(client, "wrong") for _ in range(2)] == [200] * 2
    assert sign_in(client, PASSWORD) == 200
    body["password"] = PASSWORD
    assert client.post("/api/auth/token/", body, content_type="application/json").status_code == 429


def test_tries_at_many_accounts_are_counted_by_address(client: Client, admin: User, settings: Settings) -> None:
    settings.THROTTLES = {**settings.THROTTLES, "auth": "3/min"}
    for name in ("ann", "bob", "eve"):
        assert client.post("/admin/login/", {"username": name, "password": "wrong"}).status_code == 200
    page = client.post("/admin/login/", {"username": "chef", "password": PASSWORD})
    assert page.status_code == 200 and "Too many attempts from your address" in page.content.decode()
    elsewhere = client.post("/admin/login/", {"username": "chef", "password": PASSWORD}, REMOTE_ADDR="192.0.2.9")
    assert elsewhere.status_code == 302


@pytest.mark.parametrize("field", ["is_staff", "is_active"])
def test_only_open_accounts_of_staff_come_in(client: Client, admin: User, field: str) -> None:
    User.objects.filter(pk=admin.pk).update(**{field: False})
    assert sign_in(client, PASSWORD) == 200
    assert client.get("/admin/").status_code == 302
