"""What beat starts."""

from celery import shared_task

from recipes import aggregates


@shared_task(name="recipes.reconcile_ratings")
def reconcile_ratings() -> None:
    aggregates.reconcile_ratings()
