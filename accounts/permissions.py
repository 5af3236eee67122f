"""Who may do what, as small classes that combine with `&`, `|` and `~`."""

from typing import Any

from rest_framework.permissions import SAFE_METHODS, BasePermission
from rest_framework.request import Request

from accounts.models import User


class ReadOnly(BasePermission):
    """Reading methods."""

    def has_permission(self, request: Request, view: Any) -> bool:
        return request.method in SAFE_METHODS


class HasRole(BasePermission):
    """Signed in, with the role that the subclass names."""

    role: str

    def has_permission(self, request: Request, view: Any) -> bool:
        return isinstance(request.user, User) and request.user.role == self.role


class IsSeller(HasRole):
    message = "Only sellers may do this."
    role = User.Role.SELLER


class IsCustomer(HasRole):
    message = "Only customers may do this."
    role = User.Role.CUSTOMER


class IsModerator(BasePermission):
    """Moderators and admins."""

    message = "Only moderators may do this."

    def has_permission(self, request: Request, view: Any) -> bool:
        return isinstance(request.user, User) and request.user.is_moderator
