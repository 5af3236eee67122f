"""What changes a person's rights is told to their sockets, and nobody gives rights to themselves."""

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone
from rest_framework.test import APIClient

from accounts.models import User
from tests.accounts.conftest import events_on
from tests.factories import PASSWORD
from tests.jobs import run_jobs


def types_on(channel: str) -> list[str]:
    return [event["type"] for event in events_on(channel)]


def edit(staff: Client, user: User, **changes: Any) -> None:
    """The admin's page of USER, saved with CHANGES."""
    url = f"/admin/accounts/user/{user.pk}/change/"
    page = staff.get(url)
    form = page.context["adminform"].form
    inline = page.context["inline_admin_formsets"][0].formset
    data: dict[str, Any] = {}
    for part in (form, inline.management_form, *inline.forms):
        for name in part.fields:
            value = part[name].value()
            if value not in (None, False) and name != "password":
                data[part.add_prefix(name)] = value
    joined = timezone.localtime(user.date_joined)
    data |= {"date_joined_0": joined.date().isoformat(), "date_joined_1": joined.time().isoformat()}
    response = staff.post(url, {**data, **changes})
    assert response.status_code == 302, response.context["errors"]


def test_premium_that_staff_give_and_end_is_told(admin_client: Client, ann: User) -> None:
    tomorrow = timezone.localtime() + timedelta(days=1)
    until = {"premium_until_0": tomorrow.date().isoformat(), "premium_until_1": "12:00:00"}
    edit(admin_client, ann, **until)
    ann.refresh_from_db()
    assert ann.is_premium
    assert types_on(f"inbox:{ann.pk}") == ["rights.changed"]
    edit(admin_client, ann, display_name="Ann", **until)
    assert types_on(f"inbox:{ann.pk}") == ["rights.changed"], "another edit takes no right away"
    edit(admin_client, ann)
    ann.refresh_from_db()
    assert not ann.is_premium
    assert types_on(f"inbox:{ann.pk}") == ["rights.changed"] * 2


def test_premium_that_runs_out_is_told_when_it_does(
    admin_client: Client, ann: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    noon = timezone.localtime().replace(hour=12, minute=0, second=0, microsecond=0) + timedelta(days=1)
    edit(admin_client, ann, premium_until_0=noon.date().isoformat(), premium_until_1="12:00:00")
    assert run_jobs() == [], "its time has not come"
    prolonged = noon + timedelta(days=1)
    edit(admin_client, ann, premium_until_0=prolonged.date().isoformat(), premium_until_1="12:00:00")
    told = len(types_on(f"inbox:{ann.pk}"))
    for now, said in ((noon, told), (prolonged, told + 1)):
        monkeypatch.setattr(timezone, "now", lambda now=now: now + timedelta(seconds=1))
        assert run_jobs() == ["accounts.end_premium"]
        assert types_on(f"inbox:{ann.pk}") == ["rights.changed"] * said


def test_a_staff_role_that_is_given_is_told(admin_client: Client, ann: User) -> None:
    edit(admin_client, ann, staff_role="moderator")
    assert types_on(f"inbox:{ann.pk}") == ["rights.changed"]


def test_an_unfollow_is_told_to_the_follower(as_ann: APIClient, ann: User, bob: User) -> None:
    as_ann.put("/api/users/bob/follow/")
    assert events_on(f"inbox:{ann.pk}") == []
    as_ann.delete("/api/users/bob/follow/")
    as_ann.delete("/api/users/bob/follow/")
    assert types_on(f"inbox:{ann.pk}") == ["rights.changed"]
    assert events_on(f"inbox:{bob.pk}") == []


@pytest.mark.parametrize("field", ["premium_until", "is_premium", "staff_role", "is_superuser"])
def test_nobody_gives_premium_or_a_staff_role_to_themselves(as_ann: APIClient, ann: User, field: str) -> None:
    value = "2999-01-01T00:00:00Z" if field == "premium_until" else "admin" if field == "staff_role" else True
    refused = as_ann.patch("/api/me/", {field: value})
    assert (refused.status_code, list(refused.json()["errors"])) == (400, [field])
    APIClient().post("/api/auth/register/", {"email": "new@example.com", "password": PASSWORD, field: value})
    for user in User.objects.all():
        assert (user.premium_until, user.is_premium, user.is_moderator) == (None, False, False)
