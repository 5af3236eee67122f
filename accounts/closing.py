"""An account closes: what apps above this one keep of it and must not outlive that goes in the same transaction."""

from collections.abc import Callable

from accounts.models import User

_told: list[Callable[[User], None]] = []


def on_closing(tell: Callable[[User], None]) -> None:
    """`tell(user)` is called once the account is closed, the person being locked. For `AppConfig.ready()`."""
    _told.append(tell)


def tell_closing(user: User) -> None:
    for tell in _told:
        tell(user)
