"""Who may enter a route at all. What one may do to a thing is said by the services."""

from typing import Any

from rest_framework.permissions import IsAuthenticated
from rest_framework.request import Request


class IsModerator(IsAuthenticated):
    """Moderators and admins; the anonymous get 401, everyone else 403."""

    message = "This is for moderators."

    def has_permission(self, request: Request, view: Any) -> bool:
        return super().has_permission(request, view) and request.user.is_moderator  # type: ignore[union-attr]
