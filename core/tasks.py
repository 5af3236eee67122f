"""What beat starts."""

from celery import shared_task

from core import claims


@shared_task(name="core.trim_idempotency_keys")
def trim_idempotency_keys() -> None:
    """Forgets idempotency keys past their 24 hours."""
    claims.trim()
