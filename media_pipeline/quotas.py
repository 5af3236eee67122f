"""How many bytes a person may have here: what is stored of theirs, and what their open uploads may become."""

from dataclasses import dataclass

from django.conf import settings
from django.contrib.auth import get_user_model
from django.db.models import BigIntegerField, OuterRef, Subquery, Sum
from django.db.models.functions import Coalesce

from core import errors
from media_pipeline.models import Extent, Media, UploadSession


@dataclass(frozen=True)
class Owner:
    """A user whose row this transaction holds (`lock_owner`)."""

    id: int
    is_active: bool
    is_confirmed: bool


def lock_owner(owner_id: int) -> Owner:
    """Locks the row of a user who takes bytes, so that two requests never share the last room. One query.

    Lock it before anything else of theirs: everything that takes bytes locks the user first, and would deadlock else.
    """
    # Not the key: rows that refer to the user are written meanwhile.
    rows = get_user_model()._default_manager.select_for_update(no_key=True).filter(pk=owner_id)
    # A user who is not stored is refused by the foreign key of what is stored for them.
    is_active, verified_at = rows.values_list("is_active", "email_verified_at").first() or (True, None)
    return Owner(owner_id, is_active, verified_at is not None)


def reserve(*, owner_id: int, size: int) -> None:
    """Returns when the user may store `size` bytes more, and keeps their row locked.

    Call it in the transaction that takes the bytes. Raises what `require_room` raises. Three queries.
    """
    require_room(owner=lock_owner(owner_id), size=size)


def require_room(*, owner: Owner, size: int) -> None:
    """Raises TooLarge (code `over_quota`) when `size` bytes more exceed the user's quota, Forbidden (code
    `account_closed`) when their account was closed while the request ran. Two queries.
    """
    if not owner.is_active:
        raise errors.Forbidden("This account is closed: it takes no more files.", code="account_closed")
    limits = (settings.UPLOAD_QUOTA_BYTES, None if owner.is_confirmed else settings.UPLOAD_UNCONFIRMED_BYTES)
    quota = min((limit for limit in limits if limit is not None), default=None)
    if quota is None:
        return
    used = _used(owner.id)
    if used + size <= quota:
        return
    detail = f"You may store {quota} bytes, {used} of which are taken: delete media or abort uploads first."
    if quota != settings.UPLOAD_QUOTA_BYTES:
        detail = (
            f"Until you confirm your e-mail address you may store {quota} bytes, {used} of which are taken: confirm "
            "the address, delete media or abort uploads first."
        )
    raise errors.TooLarge(detail, code="over_quota")


def _used(owner_id: int) -> int:
    stored: int = Media.objects.filter(owner=owner_id).aggregate(total=Coalesce(Sum("size"), 0))["total"]
    # Of one whose length is not known yet, what has come.
    arrived = Extent.objects.filter(session=OuterRef("pk")).values("session").annotate(sum=Sum("length")).values("sum")
    opened: int = UploadSession.objects.filter(owner=owner_id, state=UploadSession.State.OPEN).aggregate(
        total=Coalesce(Sum(Coalesce("length", Subquery(arrived, output_field=BigIntegerField()), 0)), 0)
    )["total"]
    return stored + opened
