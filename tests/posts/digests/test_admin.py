"""The ledger in the admin: to look at, and never to change."""

from collections.abc import Callable

import pytest
from django.test import Client

from accounts.models import User
from posts.models import Digest
from tests.factories import UserFactory
from tests.mailbox import Mailbox
from tests.posts.digests.conftest import tick


@pytest.mark.parametrize("query", ["", "?state__exact=sent", "?q=root", "?local_date__gte=2026-01-01"])
def test_staff_look_at_the_ledger_and_change_nothing(
    readers: Callable[[int], list[User]], mailbox: Mailbox, query: str
) -> None:
    readers(2)
    tick()
    client = Client()
    client.force_login(UserFactory(username="root", is_staff=True, is_superuser=True))
    assert client.get(f"/admin/posts/digest/{query}").status_code == 200
    assert client.get("/admin/posts/digestrun/").status_code == 200
    digest = Digest.objects.first()
    assert digest is not None
    page = f"/admin/posts/digest/{digest.pk}"
    assert client.get(f"{page}/change/").status_code == 200
    assert client.post(f"{page}/change/", {"state": "pending"}).status_code == 403
    assert client.post(f"{page}/delete/", {"post": "yes"}).status_code == 403
    assert client.get("/admin/posts/digest/add/").status_code == 403
