"""POST /api/auth/register/"""

import base64
import io
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import call_command
from PIL import Image
from rest_framework.test import APIClient

from accounts.models import Profile, User
from media_pipeline.models import Media
from tests.accounts.conftest import bearer
from tests.concurrently import at_once
from tests.factories import UserFactory

GOOD = {"email": "ann@example.org", "password": "correct horse battery", "username": "ann"}


def register(client: APIClient, **fields: Any) -> Any:
    return client.post("/api/auth/register/", {**GOOD, **fields})


def a_picture() -> bytes:
    data = io.BytesIO()
    Image.new("RGB", (40, 30), "tomato").save(data, "PNG")
    return data.getvalue()


def test_who_registers_is_a_customer_and_signed_in(anyone: APIClient) -> None:
    response = register(anyone)
    assert response.status_code == 201
    assert response["Cache-Control"] == "no-store"
    assert anyone.get(response["Location"]).json()["username"] == "ann"
    reply = response.json()
    assert reply["user"] | {"username": "ann", "role": "customer", "email": "ann@example.org"} == reply["user"]
    assert reply["user"]["follower_count"] == reply["user"]["recipe_count"] == 0
    assert bearer(reply["access"]).get("/api/me/").json()["username"] == "ann"
    assert anyone.post("/api/auth/token/refresh/", {"refresh": reply["refresh"]}).status_code == 200


def test_a_seller_can_register(anyone: APIClient) -> None:
    assert register(anyone, role="seller").json()["user"]["role"] == "seller"


@pytest.mark.parametrize("role", ["admin", "moderator", "staff", "Seller", "", None, 1, ["seller"]])
def test_no_other_role_can_be_had(anyone: APIClient, role: Any) -> None:
    response = register(anyone, role=role)
    assert response.status_code == 400
    assert list(response.json()["errors"]) == ["role"]
    assert not User.objects.exists()


def test_nobody_registers_as_staff_or_premium(anyone: APIClient) -> None:
    wishes = {"is_staff": True, "is_superuser": True, "staff_role": "admin", "premium_until": "2099-01-01T00:00:00Z"}
    assert register(anyone, **wishes).status_code == 201
    user = User.objects.get()
    assert (user.is_staff, user.is_superuser, user.staff_role, user.premium_until) == (False, False, "", None)


def test_a_username_taken_in_other_case_is_refused(anyone: APIClient) -> None:
    UserFactory(username="Ann")
    response = register(anyone, username="aNN")
    assert response.status_code == 400
    assert response["Content-Type"] == "application/problem+json"
    assert response.json()["errors"] == {"username": ["A user with that username already exists."]}


def test_an_email_taken_in_other_case_is_refused(anyone: APIClient) -> None:
    UserFactory(email="Ann@Example.org")
    response = register(anyone)
    assert response.status_code == 400
    assert response.json()["errors"] == {"email": ["A user with that e-mail already exists."]}


def test_everything_that_is_wrong_is_said_at_once(anyone: APIClient) -> None:
    UserFactory(username="ANN", email="ANN@example.org")
    errors = register(anyone, password="12345678").json()["errors"]
    assert set(errors) == {"username", "email", "password"}


@pytest.mark.parametrize(
    "password", ["short1!", "password", "1357924680", "ann@example.org", "", None, 123456789012, "x" * 129]
)
def test_a_weak_password_is_refused(anyone: APIClient, password: Any) -> None:
    response = register(anyone, password=password)
    assert response.status_code == 400
    assert list(response.json()["errors"]) == ["password"]
    assert not User.objects.exists()


@pytest.mark.parametrize(
    "username", ["ann@example.org", "a nn", "änn", "a/b", "..", "-ann", "a\x00b", "", "x" * 151, 7, None]
)
def test_a_username_that_no_address_could_hold_is_refused(anyone: APIClient, username: Any) -> None:
    response = register(anyone, username=username)
    assert response.status_code == 400
    assert "username" in response.json().get("errors", {"username": "in a body that cannot be parsed"})


@pytest.mark.parametrize("email", ["ann", "ann@", "@example.org", "", None, 5, "a@b@c.org", f"{'x' * 250}@example.org"])
def test_what_is_no_email_is_refused(anyone: APIClient, email: Any) -> None:
    response = register(anyone, email=email)
    assert response.status_code == 400
    assert list(response.json()["errors"]) == ["email"]


@pytest.mark.parametrize(
    ("email", "username"),
    [
        ("zoe@example.org", "zoe"),
        ("Zoe.Quinn+news@example.org", "zoe.quinn"),
        ("_@example.org", "_"),
        ("!#$@example.org", "cook"),
        (f"{'z' * 60}@example.org", "z" * 30),
    ],
)
def test_without_a_username_one_is_made_of_the_email(anyone: APIClient, email: str, username: str) -> None:
    response = anyone.post("/api/auth/register/", {"email": email, "password": GOOD["password"]})
    assert response.status_code == 201
    assert response.json()["user"]["username"] == username


def test_a_made_username_is_unique(anyone: APIClient) -> None:
    UserFactory(username="ZOE")
    for host in ("a", "b", "c"):
        reply = anyone.post("/api/auth/register/", {"email": f"zoe@{host}.org", "password": GOOD["password"]}).json()
        assert reply["user"]["username"].startswith("zoe")
    assert User.objects.count() == 4


def test_names_make_the_display_name(anyone: APIClient) -> None:
    assert register(anyone, first_name="Ann", last_name="Lee").json()["user"]["display_name"] == "Ann Lee"


def test_without_names_the_username_is_shown(anyone: APIClient) -> None:
    assert register(anyone).json()["user"]["display_name"] == "ann"


def test_a_display_name_of_ones_own_wins(anyone: APIClient) -> None:
    assert register(anyone, first_name="Ann", display_name="Soup Ann").json()["user"]["display_name"] == "Soup Ann"


def test_a_profile_picture_can_come_as_base64(anyone: APIClient) -> None:
    reply = register(anyone, profile_picture="data:image/png;base64," + base64.b64encode(a_picture()).decode()).json()
    assert reply["user"]["picture"]["status"] == "pending"
    assert Media.objects.get().owner.username == "ann"


def test_a_profile_picture_can_come_as_a_file(anyone: APIClient) -> None:
    picture = SimpleUploadedFile("me.png", a_picture(), "image/png")
    response = anyone.post("/api/auth/register/", {**GOOD, "profile_picture": picture}, format="multipart")
    assert response.status_code == 201
    assert response.json()["user"]["picture"]["status"] == "pending"


@pytest.mark.parametrize(
    ("picture", "status"), [("not base64!", 400), ("", 400), (base64.b64encode(b"just text").decode(), 415), (5, 400)]
)
def test_with_a_bad_picture_nobody_is_registered(anyone: APIClient, picture: Any, status: int) -> None:
    assert register(anyone, profile_picture=picture).status_code == status
    assert not User.objects.exists()


def test_a_body_that_is_no_json_is_refused(anyone: APIClient) -> None:
    response = anyone.generic("POST", "/api/auth/register/", "{", content_type="application/json")
    assert response.status_code == 400
    assert response["Content-Type"] == "application/problem+json"


def test_the_password_is_stored_as_argon2(anyone: APIClient, settings: Any) -> None:
    from core import settings as configured

    settings.PASSWORD_HASHERS = configured.PASSWORD_HASHERS
    register(anyone)
    assert User.objects.get().password.startswith("argon2$argon2id$")


@pytest.mark.django_db
def test_createsuperuser_makes_a_profile_too() -> None:
    call_command("createsuperuser", "--noinput", username="root", email="root@example.org", verbosity=0)
    assert Profile.objects.get().user.username == "root"


@pytest.mark.django_db(transaction=True)
def test_of_many_who_take_one_username_at_once_one_gets_it_and_the_others_hear_which_field_is_taken() -> None:
    def call(number: int) -> Any:
        name = "ann" if number % 2 else "ANN"
        return lambda: register(APIClient(), username=name, email=f"ann{number}@example.org")

    replies = at_once(call(number) for number in range(8))
    assert sorted(reply.status_code for reply in replies) == [201] + [400] * 7
    assert all("username" in reply.json()["errors"] for reply in replies if reply.status_code == 400)
    assert User.objects.count() == Profile.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_many_whose_usernames_are_made_at_once_all_get_one() -> None:
    def call(number: int) -> Any:
        body = {"email": f"zoe@{number}.example.org", "password": GOOD["password"]}
        return lambda: APIClient().post("/api/auth/register/", body)

    replies = at_once(call(number) for number in range(6))
    assert [reply.status_code for reply in replies] == [201] * 6
    assert User.objects.count() == 6


def test_registering_has_a_limit_of_its_own_by_address(anyone: APIClient, settings: Any) -> None:
    settings.THROTTLES = {**settings.THROTTLES, "register": "2/hour", "auth": "5/hour"}
    first = register(anyone)
    access = first.json()["access"]
    # One that is refused counts, and so does one by somebody who is signed in.
    codes = [first.status_code, register(anyone).status_code, register(bearer(access), username="b").status_code]
    assert codes == [201, 400, 429]
    assert first["RateLimit-Policy"] == '"register";q=2;w=3600'
    elsewhere = anyone.post("/api/auth/register/", {**GOOD, "username": ""}, REMOTE_ADDR="192.0.2.9")
    assert elsewhere.status_code == 400
    # Others of the same address sign in as before, under the limit of that.
    entered = anyone.post("/api/auth/token/", {"username": "ann", "password": GOOD["password"]})
    assert (entered.status_code, entered["RateLimit"].split(";t=")[0]) == (200, '"auth";r=4')


def test_an_address_of_before_shares_the_limit_of_registering(anyone: APIClient, settings: Any) -> None:
    settings.THROTTLES = {**settings.THROTTLES, "register": "1/hour"}
    assert register(anyone).status_code == 201
    refused = anyone.post("/auth/signup/", {**GOOD, "username": "bob", "email": "bob@example.org"})
    assert refused.status_code == 429 and 0 < int(refused["Retry-After"]) <= 3600
