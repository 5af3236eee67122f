"""What beat starts."""

from core import claims
from core.periodic import periodic


@periodic("core.trim_idempotency_keys")
def trim_idempotency_keys() -> None:
    """Forgets idempotency keys past their 24 hours."""
    claims.trim()
