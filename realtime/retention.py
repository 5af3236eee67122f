"""Retention: old events go, in chunks, so that no delete locks much or runs long.

The last event of each channel stays for ever: it is the head from which the relay goes on counting, and among them is
the last `position`.
"""

import logging
from datetime import datetime

from django.db.models import Exists, F, Max, Min, OuterRef

from realtime.models import StreamEvent

logger = logging.getLogger(__name__)

CHUNK = 5_000


def trim(*, before: datetime, keep: int) -> int:
    """Deletes numbered events that are older than `before` or not among the last `keep` of their channel.

    Returns how many. Running twice at once does no harm.
    """
    deleted = _trim_old(before) + _trim_long(max(keep, 1))
    logger.info("streams.trimmed events=%d", deleted)
    return deleted


def _trim_old(before: datetime) -> int:
    """Walks up the ids, chunk by chunk, to the first chunk of younger ones: ids and ages ascend together, nearly."""
    later = StreamEvent.objects.filter(channel=OuterRef("channel"), offset__gt=OuterRef("offset"))
    by_id = StreamEvent.objects.order_by("id").values_list("id", "created_at")
    deleted = above = 0
    while (chunk := by_id.filter(id__gt=above)[:CHUNK]) and any(created_at < before for _, created_at in chunk):
        below = max(id_ for id_, _ in chunk)
        old = StreamEvent.objects.filter(id__gt=above, id__lte=below, created_at__lt=before, position__isnull=False)
        deleted += old.filter(Exists(later)).delete()[0]
        above = below
    return deleted


def _trim_long(keep: int) -> int:
    """The offsets of a channel are dense, so the last `keep` are those above head - keep."""
    spans = StreamEvent.objects.filter(offset__isnull=False).values("channel")
    spans = spans.annotate(head=Max("offset"), first=Min("offset")).filter(head__gte=F("first") + keep)
    deleted = 0
    for channel, head, first in spans.values_list("channel", "head", "first"):
        for above in range(first - 1, head - keep, CHUNK):
            chunk = StreamEvent.objects.filter(channel=channel, offset__gt=above)
            deleted += chunk.filter(offset__lte=min(above + CHUNK, head - keep)).delete()[0]
    return deleted
