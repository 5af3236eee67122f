"""How many bytes a person may have here: what is stored of theirs, and what their open uploads may become."""

from django.conf import settings
from django.contrib.auth import get_user_model
from django.db.models import BigIntegerField, OuterRef, Subquery, Sum
from django.db.models.functions import Coalesce

from core import errors
from media_pipeline.models import Extent, Media, UploadSession


def lock_owner(owner_id: int) -> None:
    """Holds the person whom `reserve` will hold: for those who lock something else of theirs, who do this before.

    Otherwise two wait for each other, for everybody who takes bytes holds the person first. Without a quota, nobody.
    """
    if settings.UPLOAD_QUOTA_BYTES is not None:
        # Not the key: rows that refer to the person are written meanwhile.
        get_user_model()._default_manager.select_for_update(no_key=True).filter(pk=owner_id).values_list("pk").first()


def reserve(*, owner_id: int, size: int) -> None:
    """Returns when the person may have SIZE bytes more, and holds their row, so that two never share the last room.

    To be called in the transaction that takes the bytes. TooLarge with the code `over_quota`. Three queries.
    """
    lock_owner(owner_id)
    require_room(owner_id=owner_id, size=size)


def require_room(*, owner_id: int, size: int) -> None:
    """`reserve` for who has called `lock_owner` already. Two queries."""
    quota = settings.UPLOAD_QUOTA_BYTES
    if quota is None:
        return
    stored = Media.objects.filter(owner=owner_id).aggregate(total=Coalesce(Sum("size"), 0))["total"]
    # Of one whose length is not known yet, what has come.
    arrived = Extent.objects.filter(session=OuterRef("pk")).values("session").annotate(sum=Sum("length")).values("sum")
    opened = UploadSession.objects.filter(owner=owner_id, state=UploadSession.State.OPEN).aggregate(
        total=Coalesce(Sum(Coalesce("length", Subquery(arrived, output_field=BigIntegerField()), 0)), 0)
    )["total"]
    if stored + opened + size > quota:
        raise errors.TooLarge(
            f"You may store {quota} bytes, {stored + opened} of which are taken: delete media or abort uploads first.",
            code="over_quota",
        )
