"""What staff do with people in Django's admin."""

from typing import Any

import pytest
from django.contrib.auth.models import Group, Permission
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from accounts.models import Follow, Profile, Session, User
from accounts.services.sessions import session_open
from tests.accounts.conftest import bearer, events_on, sign_in
from tests.factories import PASSWORD, UserFactory


@pytest.fixture
def staff(admin_user: User, admin_client: Client) -> Client:
    return admin_client


@pytest.mark.parametrize("model", ["user", "session", "follow", "ticket"])
def test_every_list_and_search_opens(staff: Client, ann: User, bob: User, model: str) -> None:
    Follow.objects.create(follower=ann, followee=bob)
    bearer(sign_in("ann")["access"]).post("/api/realtime/ticket/")
    assert staff.get(f"/admin/accounts/{model}/").status_code == 200
    assert staff.get(f"/admin/accounts/{model}/?q=ann").status_code == 200


@pytest.mark.parametrize("model", ["session", "follow", "ticket"])
def test_what_only_services_may_write_can_only_be_looked_at(staff: Client, model: str) -> None:
    assert staff.get(f"/admin/accounts/{model}/add/").status_code == 403


def test_a_user_made_in_the_admin_has_a_profile_and_can_sign_in(staff: Client) -> None:
    form = {
        "username": "eve",
        "email": "eve@example.com",
        "role": "seller",
        "usable_password": "true",
        "password1": "a long password",
        "password2": "a long password",
    }
    assert staff.get("/admin/accounts/user/add/").status_code == 200
    assert staff.post("/admin/accounts/user/add/", form).status_code == 302
    assert Profile.objects.get(user__username="eve").user.role == "seller"
    sign_in("eve", "a long password")


def test_a_username_taken_in_other_case_is_refused_in_the_form(staff: Client, ann: User) -> None:
    form = {
        "username": "ANN",
        "email": "other@example.com",
        "role": "customer",
        "usable_password": "true",
        "password1": "a long password",
        "password2": "a long password",
    }
    response = staff.post("/admin/accounts/user/add/", form)
    assert response.status_code == 200
    assert "A user with that username already exists." in response.text


def test_the_page_of_a_user_shows_the_profile(staff: Client, ann: User) -> None:
    assert 'name="profile-0-bio"' in staff.get(f"/admin/accounts/user/{ann.pk}/change/").text


def run(staff: Client, model: str, action: str, row: Any) -> None:
    response = staff.post(f"/admin/accounts/{model}/", {"action": action, "_selected_action": [str(row.pk)]})
    assert response.status_code == 302


def test_staff_can_end_all_sessions_of_a_person(staff: Client, ann: User, bob: User) -> None:
    replies = [sign_in("ann"), sign_in("ann")]
    of_bob = sign_in("bob")
    run(staff, "user", "sign_out", ann)
    assert [bearer(reply["access"]).get("/api/me/").status_code for reply in replies] == [401, 401]
    assert bearer(of_bob["access"]).get("/api/me/").status_code == 200
    assert len(events_on(f"inbox:{ann.pk}")) == 2


def test_staff_can_end_one_session(staff: Client, ann: User) -> None:
    reply = sign_in("ann")
    run(staff, "session", "revoke", Session.objects.get())
    assert bearer(reply["access"]).get("/api/me/").status_code == 401


def test_the_admin_takes_a_username_in_any_case(db: None) -> None:
    UserFactory(username="root", is_staff=True, is_superuser=True)
    client = Client()
    response = client.post("/admin/login/", {"username": "ROOT", "password": "correct horse battery"})
    assert response.status_code == 302
    assert client.get("/admin/").status_code == 200


def test_a_password_set_by_an_admin_ends_the_sessions(staff: Client, ann: User) -> None:
    session_open(user=ann)
    new = {"usable_password": "true", "password1": "brand new pw 77", "password2": "brand new pw 77"}
    staff.post(f"/admin/accounts/user/{ann.pk}/password/", new)

    assert User.objects.get(pk=ann.pk).check_password("brand new pw 77")
    assert not Session.objects.live().filter(user=ann).exists()


def test_nobody_is_deleted_in_the_admin(staff: Client, ann: User) -> None:
    assert staff.post(f"/admin/accounts/user/{ann.pk}/delete/", {"post": "yes"}).status_code == 403
    assert User.objects.filter(pk=ann.pk).exists()


def test_sessions_are_not_deleted_but_ended(staff: Client, ann: User) -> None:
    session = session_open(user=ann)
    url = f"/admin/accounts/session/{session.pk}/delete/"

    assert staff.post(url, {"post": "yes"}).status_code == 403
    assert Session.objects.filter(pk=session.pk).exists()


def test_signing_out_everywhere_else_ends_the_cookie_of_the_admin(db: None) -> None:
    UserFactory(username="root", is_staff=True, is_superuser=True)
    client = Client()
    client.post("/admin/login/", {"username": "root", "password": PASSWORD})
    assert client.get("/admin/").status_code == 200
    assert bearer(sign_in("root")["access"]).delete("/api/me/sessions/").status_code == 204
    assert client.get("/admin/").status_code == 302


# --- What staff who are not superusers may do with the accounts of others -------------------------------


@pytest.fixture
def helper(db: None) -> User:
    """Staff with the permission to change users and groups, and nothing else."""
    user = UserFactory(username="helper", is_staff=True)
    codenames = ["view_user", "change_user", "view_group", "add_group", "change_group", "delete_group"]
    user.user_permissions.set(Permission.objects.filter(codename__in=codenames))
    return user


@pytest.fixture
def as_helper(helper: User) -> Client:
    client = Client()
    client.force_login(helper)
    return client


def form_of(user: User, **changes: Any) -> dict[str, Any]:
    fields = {"username": user.username, "email": user.email, "role": user.role, "display_name": "Changed"}
    profile = {"profile-TOTAL_FORMS": 1, "profile-INITIAL_FORMS": 1, "profile-0-user": user.pk}
    return {**fields, **profile, "profile-0-timezone": "UTC", **changes}


STAFF = {"is_superuser": "on", "is_staff": "on", "staff_role": "admin", "user_permissions": ["1"]}


def test_a_helper_edits_a_person_and_no_staff_field(as_helper: Client, ann: User) -> None:
    assert as_helper.post(f"/admin/accounts/user/{ann.pk}/change/", form_of(ann, **STAFF)).status_code == 302
    ann.refresh_from_db()
    assert ann.display_name == "Changed"
    assert (ann.is_superuser, ann.is_staff, ann.staff_role) == (False, False, "")
    assert not ann.user_permissions.exists()


def test_a_helper_does_not_become_a_superuser(as_helper: Client, helper: User) -> None:
    assert as_helper.post(f"/admin/accounts/user/{helper.pk}/change/", form_of(helper, **STAFF)).status_code == 302
    helper.refresh_from_db()
    assert (helper.display_name, helper.is_superuser, helper.staff_role) == ("Changed", False, "")
    assert helper.user_permissions.count() == 6


def test_a_helper_does_not_take_over_the_account_of_other_staff(as_helper: Client, admin_user: User) -> None:
    page = f"/admin/accounts/user/{admin_user.pk}/"
    assert as_helper.post(f"{page}change/", form_of(admin_user, email="mine@example.com")).status_code == 403
    new = {"usable_password": "true", "password1": "brand new pw 77", "password2": "brand new pw 77"}
    assert as_helper.post(f"{page}password/", new).status_code == 403
    before = admin_user.password, admin_user.email
    run(as_helper, "user", "sign_out", admin_user)
    admin_user.refresh_from_db()
    assert (admin_user.password, admin_user.email) == before


def test_a_helper_gives_no_group_a_permission(as_helper: Client, helper: User) -> None:
    group = Group.objects.create(name="helpers")
    helper.groups.add(group)
    form = {"name": "helpers", "permissions": list(Permission.objects.values_list("pk", flat=True)[:5])}
    assert as_helper.post(f"/admin/auth/group/{group.pk}/change/", form).status_code == 403
    assert as_helper.post("/admin/auth/group/add/", form).status_code == 403
    assert not group.permissions.exists()


def test_a_superuser_edits_staff_fields(staff: Client, ann: User) -> None:
    assert staff.post(f"/admin/accounts/user/{ann.pk}/change/", form_of(ann, **STAFF)).status_code == 302
    ann.refresh_from_db()
    assert (ann.is_superuser, ann.is_staff, ann.staff_role) == (True, True, "admin")


# --- One's own password ---------------------------------------------------------------------------------


NEW = {"usable_password": "true", "password1": "brand new pw 77", "password2": "brand new pw 77"}


def test_a_superuser_who_sets_their_own_password_stays_signed_in(staff: Client, admin_user: User) -> None:
    elsewhere = session_open(user=admin_user)
    assert staff.post(f"/admin/accounts/user/{admin_user.pk}/password/", NEW).status_code == 302
    assert staff.get("/admin/").status_code == 200
    assert not Session.objects.live().filter(pk=elsewhere.pk).exists()


def test_staff_change_their_own_password_and_end_all_other_sessions(db: None) -> None:
    user = UserFactory(username="root", is_staff=True, is_superuser=True)
    client, other = Client(), Client()
    for each in (client, other):
        each.force_login(user)
    session_open(user=user)
    form = {"old_password": PASSWORD, "new_password1": "brand new pw 77", "new_password2": "brand new pw 77"}
    assert client.post("/admin/password_change/", form).status_code == 302
    assert (client.get("/admin/").status_code, other.get("/admin/").status_code) == (200, 302)
    assert not Session.objects.live().filter(user=user).exists()


def test_wrong_passwords_on_the_page_that_changes_it_count_as_failed_sign_ins(db: None) -> None:
    user = UserFactory(username="root", is_staff=True, is_superuser=True)
    client = Client()
    client.force_login(user)
    form = {"old_password": "wrong", "new_password1": "brand new pw 77", "new_password2": "brand new pw 77"}
    pages = [client.post("/admin/password_change/", form).text for _ in range(5)]
    assert all("This is not your present password." in page for page in pages)
    right = client.post("/admin/password_change/", form | {"old_password": PASSWORD})
    assert right.status_code == 200 and "Too many wrong passwords" in right.text


def test_an_edit_of_a_person_undoes_no_password_that_was_changed_meanwhile(staff: Client, ann: User) -> None:
    """The page saves the columns that were edited, so a change since it was read stays."""
    with CaptureQueriesContext(connection) as queries:
        staff.post(f"/admin/accounts/user/{ann.pk}/change/", form_of(ann))
    [update] = [query["sql"] for query in queries if query["sql"].startswith('UPDATE "accounts_user"')]
    assert "display_name" in update and "password" not in update and "cookie_version" not in update
