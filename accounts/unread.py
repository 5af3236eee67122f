"""How many unread notifications a person has. It is known above this app, which is told here how to count them."""

from collections.abc import Callable

_count: Callable[[int], int] | None = None


def register_unread_count(count: Callable[[int], int]) -> None:
    """`count(user_id)`: one query. A higher app calls this in its `AppConfig.ready()`."""
    global _count
    _count = count


def unread_notifications(user_id: int) -> int:
    """0 while nobody has registered."""
    return _count(user_id) if _count is not None else 0
