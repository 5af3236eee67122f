"""Edits by compare-and-set: a row's `version` goes up with each edit, and an edit says which one it was made for."""

from typing import Any

from core.errors import PreconditionFailed


def require_version(row: Any, expected: set[int] | None, *, thing: str) -> None:
    """PreconditionFailed when the ROW, which the caller has locked, has none of the EXPECTED versions; None is any."""
    if expected is not None and row.version not in expected:
        raise PreconditionFailed(
            f"The {thing} was changed since you read it (it is version {row.version} now): read it again first."
        )
