"""Removals by staff are written down above this app, which is told here by whom: in the transaction of the removal."""

from collections.abc import Callable

from accounts.models import User
from recipes.models import Recipe

Audit = Callable[[User, Recipe], None]
_audit: Audit | None = None


def register_removal_audit(audit: Audit) -> None:
    """`audit(moderator, recipe)` is called while the recipe is still there. For a higher app's `AppConfig.ready()`."""
    global _audit
    _audit = audit


def audit_removal(moderator: User, recipe: Recipe) -> None:
    if _audit is not None:
        _audit(moderator, recipe)
