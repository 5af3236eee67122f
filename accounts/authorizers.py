"""Who may read the channels of people, and whose words are hidden from whom."""

from collections import defaultdict
from collections.abc import Collection
from functools import cache
from typing import Any

import orjson
from django.conf import settings
from django.contrib.auth.models import AnonymousUser
from django.db import connection
from django.db.models import BigAutoField

from accounts.models import Block, Mute, User
from core.prepared import Parameter, Prepared
from realtime.channels import id_of

# These are asked at every connect and subscribe: as SQL they cost a tenth of the CPU that they do built by the ORM each
# time.
_ANY_OF = "= ANY(%s)" if settings.IS_POSTGRESQL else "IN (SELECT value FROM json_each(%s))"
_BETWEEN = f"""
    SELECT blocked_id FROM {Block._meta.db_table} WHERE blocked_id {_ANY_OF} AND blocker_id {_ANY_OF}
    UNION ALL SELECT blocker_id FROM {Block._meta.db_table} WHERE blocker_id {_ANY_OF} AND blocked_id {_ANY_OF}
"""  # noqa: S608
_HIDDEN = f"""
    SELECT blocker_id, blocked_id FROM {Block._meta.db_table} WHERE blocker_id {_ANY_OF}
    UNION ALL SELECT blocked_id, blocker_id FROM {Block._meta.db_table} WHERE blocked_id {_ANY_OF}
    UNION ALL SELECT muter_id, muted_id FROM {Mute._meta.db_table} WHERE muter_id {_ANY_OF}
"""  # noqa: S608


def readers_of_user(key: str, user_ids: Collection[int | None]) -> set[int | None]:
    """`user:{id}`: anyone without a block between the two, while there is such a person. At most two queries."""
    wanted = id_of(key)
    if wanted is None or not _prepared_person().fetch({"user": wanted}, limit=1):
        return set()
    return apart_from_blocks(user_ids, {wanted})


@cache
def _prepared_person() -> Prepared:
    people = User.objects.visible_to(AnonymousUser())
    return Prepared(people.filter(pk=Parameter("user", BigAutoField())).values("pk"))


def apart_from_blocks(user_ids: Collection[int | None], others: Collection[int]) -> set[int | None]:
    """Those of USER_IDS between whom and each of OTHERS there is no block, either way. One query, none of nobody's."""
    people = [user_id for user_id in user_ids if user_id is not None]
    if not people:
        return set(user_ids)
    with connection.cursor() as cursor:
        cursor.execute(_BETWEEN, [_these(people), _these(others)] * 2)
        return set(user_ids) - {person for (person,) in cursor.fetchall()}


def hidden_actors(user_ids: Collection[int]) -> dict[int, set[int]]:
    """For each of USER_IDS, whose words they do not hear: blocks either way, and those they have muted. One query.

    People from whom nobody is hidden may be missing.
    """
    hidden: dict[int, set[int]] = defaultdict(set)
    with connection.cursor() as cursor:
        cursor.execute(_HIDDEN, [_these(user_ids)] * 3)
        for reader, actor in cursor.fetchall():
            hidden[reader].add(actor)
    return dict(hidden)


def _these(ids: Collection[int]) -> Any:
    """The parameter of `_ANY_OF`."""
    return list(ids) if settings.IS_POSTGRESQL else orjson.dumps(list(ids)).decode()
