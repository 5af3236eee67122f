"""The feed in the order of what may matter most to its reader.

The first page ranks and stores the order (FeedRanking); its cursors point into that. So paging neither repeats nor
skips whatever is published or liked meanwhile, and visibility is looked at again for each page.
"""

import uuid
from collections.abc import Callable
from datetime import timedelta
from typing import Any

from django.core import signing
from django.db import transaction
from django.utils import timezone
from rest_framework.request import Request
from rest_framework.response import Response

from core.errors import Gone
from core.pages import invalid_cursor, page_limit, page_response, page_url
from posts.feed.candidates import candidates
from posts.feed.ranking import Item, rank, why
from posts.feed.stored import last_ranking
from posts.feed.trim import RANKING_LIFE
from posts.models import FeedRanking

# A person reads on this many devices; an older ranking goes when they begin on another one.
KEPT = 3
# The last order is shown again while it is so young and nothing came into the feed: what was liked meanwhile, or whom
# the reader no longer mutes, counts a little later, and the first page with its ETag stays as it is.
REUSED_FOR = timedelta(minutes=5)

# How many are read for a page in which some are missing, for they are no longer listed for the reader.
MORE = 100

_signer = signing.Signer(salt="cursor:feed:ranked")

# Posts of these ids as the viewer sees them, in this order, without those that are not listed for them.
Shape = Callable[[list[int]], list[dict[str, Any]]]


class RankedFeed:
    """Pages of a person's ranked feed; each result has `why`."""

    def page(self, request: Request, shape: Shape) -> Response:
        """One page for who asks. Raises Invalid (`invalid_cursor`), and Gone (`cursor_expired`) past 15 minutes.

        Queries besides those of SHAPE: at first one, and when something came into the feed the candidates and what
        stores their order; afterwards one.
        """
        limit = page_limit(request)
        viewer = request.user
        cursor = request.query_params.get("cursor")
        if cursor is None:
            ranking, items = _ranked(viewer, limit)
            offset, backwards = 0, False
        else:
            ranking, offset, backwards = self._opened(viewer, cursor)
            items = _items(viewer, ranking)
        start, end, results = _fill(items, offset, limit, shape, backwards=backwards)

        def url(offset: int, *, backwards: bool) -> str:
            return page_url(request, _signer.sign_object([viewer.pk, str(ranking), offset, int(backwards)]))

        following = url(end, backwards=False) if ranking and end < len(items) else None
        preceding = url(start, backwards=True) if ranking and start > 0 else None
        return page_response(results, following, preceding)

    def _opened(self, viewer: Any, cursor: str) -> tuple[uuid.UUID, int, bool]:
        """Invalid for a cursor that somebody made, or that was given to somebody else."""
        try:
            reader, ranking, offset, backwards = _signer.unsign_object(cursor)
        except (signing.BadSignature, ValueError, TypeError) as error:
            raise invalid_cursor() from error
        if reader != viewer.pk:
            raise invalid_cursor()
        return uuid.UUID(ranking), offset, bool(backwards)


def _ranked(viewer: Any, limit: int) -> tuple[uuid.UUID | None, list[Item]]:
    """The viewer's order of now, and under which id it is stored: not if it fits one page."""
    now = timezone.now()
    basis, last = last_ranking(viewer, since=now - REUSED_FOR)
    if last is not None and last.basis == basis:
        return last.pk, last.items
    items = rank(candidates(viewer), now=now)
    if len(items) <= limit:
        return None, items
    with transaction.atomic():
        ranking = FeedRanking.objects.create(user=viewer, items=items, basis=basis)
        own = FeedRanking.objects.filter(user=viewer.pk)
        newest = own.order_by("-created_at").values("pk")[:KEPT]
        own.exclude(pk__in=newest).delete()
    return ranking.pk, items


def _items(viewer: Any, ranking: uuid.UUID) -> list[Item]:
    since = timezone.now() - RANKING_LIFE
    found = FeedRanking.objects.filter(pk=ranking, user=viewer.pk, created_at__gt=since)
    items: list[Item] | None = found.values_list("items", flat=True).first()
    if items is None:
        raise Gone("This ranking of the feed is over: start again without the cursor.", code="cursor_expired")
    return items


def _fill(
    items: list[Item], offset: int, limit: int, shape: Shape, *, backwards: bool
) -> tuple[int, int, list[dict[str, Any]]]:
    """Up to LIMIT results from OFFSET on, or up to it; where among ITEMS they begin and end.

    What is no longer listed for the viewer is passed over, and others take its place: some more are read then, and all
    that are left if these were not enough. So SHAPE is called three times at most.
    """
    start = end = min(offset, len(items))
    results: list[dict[str, Any]] = []
    for size in (limit, MORE, len(items)):
        missing = limit - len(results)
        chunk = items[max(0, start - size) : start] if backwards else items[end : end + size]
        if not (missing and chunk):
            break
        parts = {item[0]: why(item) for item in chunk}
        found = [{**post, "why": parts[post["id"]]} for post in shape(list(parts))]
        kept = found[-missing:] if backwards else found[:missing]
        if len(kept) < len(found):
            # The page is full: it ends at the last one that it shows.
            edge = list(parts).index(kept[0 if backwards else -1]["id"])
            chunk = chunk[edge:] if backwards else chunk[: edge + 1]
        if backwards:
            start, results = start - len(chunk), kept + results
        else:
            end, results = end + len(chunk), results + kept
    return start, end, results
