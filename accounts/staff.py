"""What staff do to people is written down above this app, which is told here: in the transaction of the deed."""

from collections.abc import Callable
from typing import Literal

from accounts.models import User

Deed = Literal["suspended", "restored"]
Audit = Callable[[User, User, Deed], None]
_audit: Audit | None = None


def register_audit(audit: Audit) -> None:
    """`audit(moderator, person, deed)` is called once the deed is done. For a higher app's `AppConfig.ready()`."""
    global _audit
    _audit = audit


def audit(moderator: User, person: User, deed: Deed) -> None:
    if _audit is not None:
        _audit(moderator, person, deed)
