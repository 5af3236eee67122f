"""The feed in the order of time."""

from collections.abc import Callable, Sequence
from typing import Any

from django.db.models import BigAutoField, DateTimeField, Field
from rest_framework.request import Request
from rest_framework.response import Response

from core.pages import CursorPages
from posts.feed.keys import newest_keys
from posts.models import Post


class LatestFeed(CursorPages[Post]):
    """Cursor pages of a person's feed, newest first. What arrives meanwhile shifts nothing."""

    def __init__(self) -> None:
        super().__init__(order=("-published_at", "-id"))
        self._types: list[Field[Any, Any]] = [DateTimeField(), BigAutoField()]

    def page(self, request: Request, shape: Callable[[list[int]], list[dict[str, Any]]]) -> Response:
        """One page for who asks, `shape(ids)` as its results. One query, and those of SHAPE."""

        def read(order: Sequence[str], after: Sequence[Any] | None, count: int) -> list[Any]:
            keys = newest_keys(
                request.user,
                count=count,
                after=(after[0], after[1]) if after else None,
                forwards=tuple(order) == self.order,
            )
            return [{"published_at": time, "id": post_id} for time, post_id in keys]

        return self._respond(request, self._types, read, lambda rows: shape([row["id"] for row in rows]), None)
