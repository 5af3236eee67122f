"""Which database constraint an IntegrityError broke, and what to say of it."""

from functools import cache

from django.apps import apps
from django.db import IntegrityError

FALLBACK = "This contradicts something that is already stored."


@cache
def _messages() -> dict[str, str]:
    """The message of every named constraint of every model that has one of its own."""
    found = {}
    for model in apps.get_models():
        for constraint in model._meta.constraints:
            message = constraint.violation_error_message
            own = message if message and message != constraint.default_violation_error_message else FALLBACK
            found[constraint.name] = str(own)
    return found


def violated_constraint(error: IntegrityError) -> tuple[str, str]:
    """(name of the constraint or "", message for people). PostgreSQL names it, SQLite mostly in the text."""
    diagnostics = getattr(error.__cause__, "diag", None)
    name = getattr(diagnostics, "constraint_name", None) or ""
    if not name:
        text = str(error)
        name = next((known for known in _messages() if f"'{known}'" in text or text.endswith(f": {known}")), "")
    return name, _messages().get(name, FALLBACK)
