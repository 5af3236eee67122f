"""Muting: hearing no more of somebody, who is not told."""

from django.db import transaction

from accounts.events import MuteCreated, MuteDeleted
from accounts.models import Mute, User
from accounts.shapes import actor_of
from core.errors import Invalid
from realtime.outbox import record


@transaction.atomic
def mute(*, muter: User, muted: User) -> None:
    """`muter` hears no more of `muted`; nothing happens if so before. Raises Invalid of oneself."""
    if muter.pk == muted.pk:
        raise Invalid("You cannot mute yourself.", code="mute_oneself")
    _, created = Mute.objects.get_or_create(muter=muter, muted=muted)
    if created:
        record(MuteCreated(actor=actor_of(muter), muter_id=muter.pk, muted_id=muted.pk))


@transaction.atomic
def unmute(*, muter: User, muted: User) -> None:
    """`muter` hears of `muted` again; nothing happens if so before."""
    deleted, _ = Mute.objects.filter(muter=muter, muted=muted).delete()
    if deleted:
        record(MuteDeleted(actor=actor_of(muter), muter_id=muter.pk, muted_id=muted.pk))
