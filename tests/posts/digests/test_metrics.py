"""The numbers of digests: those of the last seven days, by state."""

from datetime import timedelta

import pytest
from django.utils import timezone

from core import metrics
from posts.models import Digest
from tests.factories import UserFactory
from tests.numbers import numbers_in

pytestmark = pytest.mark.django_db


def test_digests_of_a_week_are_counted_by_state() -> None:
    today = timezone.now().date()
    for days, state in [(0, "sent"), (1, "sent"), (6, "ambiguous"), (3, "failed"), (7, "ambiguous"), (30, "sent")]:
        date = today - timedelta(days=days)
        Digest.objects.create(user=UserFactory(), local_date=date, timezone="UTC", state=state)
    found = numbers_in(metrics.shared_text().decode())
    numbers = {state: found[f'simmer_digests{{state="{state}"}}'] for state in Digest.State.values}
    assert numbers == dict.fromkeys(Digest.State.values, 0) | {"sent": 2, "ambiguous": 1, "failed": 1}
