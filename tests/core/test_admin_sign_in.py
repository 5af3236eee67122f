"""The admin's sign-in page: guessing is limited, and the right password forgets the slips before it."""

import pytest
from django.test import Client

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
    assert page.status_code == 200 and "Too many tries" in page.content.decode()
    # Somebody elsewhere is not shut out by it.
    elsewhere = client.post("/admin/login/", {"username": "chef", "password": PASSWORD}, REMOTE_ADDR="192.0.2.9")
    assert elsewhere.status_code == 302


def test_a_success_forgets_the_slips(client: Client, admin: User) -> None:
    for _ in range(3):
        assert [sign_in(client, "wrong") for _ in range(4)] == [200] * 4
        assert sign_in(client, PASSWORD) == 302
        client.logout()
