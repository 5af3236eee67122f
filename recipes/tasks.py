"""What beat starts."""

from core.periodic import periodic
from recipes import aggregates, forgetting

__all__ = ["forgetting"]


@periodic("recipes.reconcile_ratings", queue="follows", time_limit=1700)
def reconcile_ratings() -> None:
    aggregates.reconcile_ratings()
