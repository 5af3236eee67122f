"""One's data export: asked for, and looked at."""

from datetime import datetime
from typing import TypedDict

from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from accounts.models import User
from accounts.services.profiles import lock_person
from core.errors import NotFound
from posts.exports.files import url_of
from posts.exports.requests import request_export
from posts.models import DataExport


class ExportShape(TypedDict):
    """What follows the first two is null until it is ready, but for `expires_at` of one that has failed. `size` is in
    bytes; `url` is good for an hour from now.
    """

    status: str
    requested_at: datetime
    ready_at: datetime | None
    expires_at: datetime | None
    size: int | None
    url: str | None


@transaction.atomic
def export_request(*, user: User) -> DataExport:
    """An export that is being made, or was asked for within ASKED_ONCE_IN: the one that there is, or else a new one,
    which takes the place of what was there.
    """
    lock_person(user)
    return request_export(user)


def export_of(*, user: User) -> ExportShape:
    """As it is now. Raises NotFound (`no_export`) when none was asked for, or its time is over. One query."""
    there = DataExport.objects.filter(Q(expires_at=None) | Q(expires_at__gt=timezone.now()), user=user).first()
    if there is None:
        raise NotFound("You have no export: ask for one by POST.", code="no_export")
    return export_shape(there, user)


def export_shape(export: DataExport, user: User) -> ExportShape:
    is_ready = export.status == DataExport.Status.READY
    return {
        "status": export.status,
        "requested_at": export.requested_at,
        "ready_at": export.ready_at,
        "expires_at": export.expires_at,
        "size": export.size,
        "url": url_of(export, user.username) if is_ready else None,
    }
