"""The fixed cast: who may be in front of the API in tests, each with a client that is signed in as them."""

from copy import deepcopy
from dataclasses import dataclass
from typing import Any

from django.utils import timezone
from rest_framework.test import APIClient

from accounts.models import Session, User
from accounts.services.sessions import session_open
from accounts.tokens import issue_tokens
from tests.factories import SellerFactory, UserFactory

ACTORS = ("anonymous", "customer", "seller", "owner", "other", "moderator", "admin", "revoked")


def access_of(session: Session) -> str:
    return issue_tokens(session)["access"]


def client_of(user: User, session: Session | None = None) -> APIClient:
    """A client that is signed in as `user`, in a session of its own unless one is given."""
    client = APIClient()
    client.credentials(HTTP_AUTHORIZATION=f"Bearer {access_of(session or session_open(user=user))}")
    return client


@dataclass(frozen=True)
class Cast:
    """
    customer, seller   signed in, with nothing of their own
    owner              the seller whose things the routes are about
    other              another seller, with things of the same kinds
    moderator, admin   staff
    revoked            the owner's token after a logout
    """

    users: dict[str, User]
    clients: dict[str, APIClient]

    def copied(self) -> "Cast":
        """The same people and sessions as other objects: what a test sets on them, and its cookies, end with it."""
        clients = {name: APIClient() for name in self.clients}
        for name, client in clients.items():
            client.credentials(**self.clients[name]._credentials)
        return Cast(deepcopy(self.users), clients)

    @property
    def owner(self) -> User:
        return self.users["owner"]

    @property
    def other(self) -> User:
        return self.users["other"]


def make_cast() -> Cast:
    # So that each may ask for the mail that confirms the address.
    unconfirmed: dict[str, Any] = {"email_verified_at": None}
    users = {
        "customer": UserFactory(username="customer", **unconfirmed),
        "seller": SellerFactory(username="seller", **unconfirmed),
        "owner": SellerFactory(username="owner", **unconfirmed),
        "other": SellerFactory(username="other", **unconfirmed),
        "moderator": UserFactory(username="moderator", staff_role=User.StaffRole.MODERATOR, **unconfirmed),
        "admin": UserFactory(
            username="admin", staff_role=User.StaffRole.ADMIN, is_staff=True, is_superuser=True, **unconfirmed
        ),
    }
    clients = {name: client_of(user) for name, user in users.items()}
    clients["anonymous"] = APIClient()
    session = session_open(user=users["owner"])
    clients["revoked"] = client_of(users["owner"], session)
    session.revoked_at = timezone.now()
    session.save()
    return Cast(users, clients)
