"""Notifications, reports and the audit in Django's admin."""

import pytest
from django.apps import apps
from django.test import Client

from tests.jobs import run_jobs
from tests.posts.conftest import Person
from tests.posts.moderation.conftest import decide, report


@pytest.mark.parametrize("model", ["notification", "report", "moderationaction"])
def test_it_is_looked_at_and_never_changed(
    admin_client: Client, ann: Person, bob: Person, molly: Person, model: str
) -> None:
    bob.follow(ann)
    decide(molly, report(bob, "user", ann.user.pk)["id"], "resolved")
    run_jobs()
    page = f"/admin/posts/{model}/"
    assert admin_client.get(page).status_code == admin_client.get(f"{page}?q=ann").status_code == 200
    assert admin_client.get(f"{page}add/").status_code == 403
    row = apps.get_model("posts", model).objects.get()
    assert admin_client.get(f"{page}{row.pk}/change/").status_code == 200
    assert admin_client.post(f"{page}{row.pk}/delete/", {"post": "yes"}).status_code == 403
    assert admin_client.post(f"{page}{row.pk}/change/", {"note": "x"}).status_code == 403
