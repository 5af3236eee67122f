"""Who may read the channels of people, and whose words are hidden from whom."""

from collections import defaultdict
from collections.abc import Collection
from typing import Any

import orjson
from django.contrib.auth.models import AnonymousUser
from django.db import connection
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


# Asked at every connect: as SQL it costs a tenth of the CPU that it does built by the ORM each time.
_HIDDEN = f"""
    SELECT blocker_id, blocked_id FROM {Block._meta.db_table} WHERE blocker_id {{these}}
    UNION ALL SELECT blocked_id, blocker_id FROM {Block._meta.db_table} WHERE blocked_id {{these}}
    UNION ALL SELECT muter_id, muted_id FROM {Mute._meta.db_table} WHERE muter_id {{these}}
"""  # noqa: S608
_HIDDEN_ON_POSTGRESQL = _HIDDEN.format(these="= ANY(%s)")
_HIDDEN_ON_SQLITE = _HIDDEN.format(these="IN (SELECT value FROM json_each(%s))")


def hidden_actors(user_ids: Collection[int]) -> dict[int, set[int]]:
    """For each of USER_IDS, whose words they do not hear: blocks either way, and those they have muted. One query.

    People from whom nobody is hidden may be missing.
    """
    hidden: dict[int, set[int]] = defaultdict(set)
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute(_HIDDEN_ON_POSTGRESQL, [list(user_ids)] * 3)
        else:
            cursor.execute(_HIDDEN_ON_SQLITE, [orjson.dumps(list(user_ids)).decode()] * 3)
        for reader, actor in cursor.fetchall():
            hidden[reader].add(actor)
    return dict(hidden)
