"""Read notifications are forgotten after ninety days."""

from datetime import timedelta

from django.utils import timezone

from posts.models import Notification
from posts.tasks import trim_notifications
from tests.posts.notifications.conftest import done, inbox, read_all
from tests.recipes.conftest import Person


def age(person: Person, days: int) -> None:
    then = timezone.now() - timedelta(days=days)
    Notification.objects.filter(recipient=person.user).update(updated_at=then)


def test_what_was_read_goes_after_ninety_days_and_what_is_unread_stays(ann: Person, bob: Person, eve: Person) -> None:
    for person in (ann, bob, eve):
        for other in {"ann", "bob", "eve"} - {person.user.username}:
            done(person.put(f"/api/users/{other}/follow/"))
    for person in (ann, bob):
        read_all(person)
    inbox(eve)
    age(ann, 91)
    age(bob, 89)
    age(eve, 91)
    trim_notifications()
    assert set(Notification.objects.values_list("recipient__username", flat=True)) == {"bob", "eve"}
