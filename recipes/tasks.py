"""What beat starts."""

from core.periodic import periodic
from recipes import aggregates


@periodic("recipes.reconcile_ratings", time_limit=1700)
def reconcile_ratings() -> None:
    aggregates.reconcile_ratings()
