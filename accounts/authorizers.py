"""Who may read the channels of people, and whose words are hidden from whom."""

from collections import defaultdict
from collections.abc import Collection
from typing import Any

from django.contrib.auth.models import AnonymousUser
from django.db.models import QuerySet, Value

from accounts.models import Block, Mute, User
from realtime.channels import id_of


def readers_of_user(key: str, user_ids: Collection[int | None]) -> set[int | None]:
    """`user:{id}`: anyone without a block between the two, while there is such a person. One query."""
    wanted = id_of(key)
    if wanted is None:
        return set()
    return readers_apart_from_blocks(User.objects.visible_to(AnonymousUser()).filter(pk=wanted).values("pk"), user_ids)


def readers_apart_from_blocks(author: QuerySet[Any, Any], user_ids: Collection[int | None]) -> set[int | None]:
    """Those of USER_IDS who have not blocked the author and are not blocked by them; nobody when there is no author.

    AUTHOR: a queryset of one column, the id of one person at most. One query.
    """
    readers = [user_id for user_id in user_ids if user_id is not None]
    found = (
        author.values_list(*author.query.values_select, Value(True))
        .union(
            Block.objects.filter(blocker__in=author, blocked__in=readers).values_list("blocked", Value(False)),
            Block.objects.filter(blocked__in=author, blocker__in=readers).values_list("blocker", Value(False)),
            all=True,
        )
        .order_by()
    )
    rows = list(found)
    if not any(is_author for _, is_author in rows):
        return set()
    return set(user_ids) - {person for person, is_author in rows if not is_author}


def hidden_actors(user_ids: Collection[int]) -> dict[int, set[int]]:
    """For each of USER_IDS, whose words they do not hear: blocks either way, and those they have muted. One query.

    People from whom nobody is hidden may be missing.
    """
    pairs = Block.objects.filter(blocker__in=user_ids).values_list("blocker", "blocked")
    hidden: dict[int, set[int]] = defaultdict(set)
    for reader, actor in pairs.union(
        Block.objects.filter(blocked__in=user_ids).values_list("blocked", "blocker"),
        Mute.objects.filter(muter__in=user_ids).values_list("muter", "muted"),
        all=True,
    ):
        hidden[reader].add(actor)
    return dict(hidden)
