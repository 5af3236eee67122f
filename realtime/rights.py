"""Who may read what, and what is hidden from whom: asked of the apps at subscribe, and when something has changed."""

from collections import defaultdict
from collections.abc import Collection, Mapping
from typing import TYPE_CHECKING

from django.db import Error as DatabaseError

from core import threads
from realtime.channels import hidden_actors, live_sessions, namespace_of
from realtime.gathering import Gathering
from realtime.protocol import UnknownChannel
from realtime.topics import Topic

if TYPE_CHECKING:
    from realtime.connections import Connection


# A channel and who wants to read it.
Question = tuple[str, int | None]


class Rights:
    """Who may read what, asked for many readers of one hub at once."""

    def __init__(self) -> None:
        self._readers = Gathering[Question, bool](_ask_authorizers)

    async def may_read(self, channel: str, user_id: int | None) -> bool:
        """Whether that person may read `channel`. Raises UnknownChannel, for an internal one too."""
        found = namespace_of(channel)
        if found is None or found[0].internal:
            raise UnknownChannel
        namespace, key = found
        if not namespace.needs_database:
            return user_id in namespace.authorize(key, [user_id])
        return await self._readers.get((channel, user_id))


async def _ask_authorizers(questions: Collection[Question]) -> Mapping[Question, bool | Exception]:
    return await threads.run(_authorize, questions)


def _authorize(questions: Collection[Question]) -> dict[Question, bool | Exception]:
    """One query for each channel. Where one fails, its readers are told; without a database, all of the rest."""
    wanted: dict[str, set[int | None]] = defaultdict(set)
    for channel, user_id in questions:
        wanted[channel].add(user_id)
    answers: dict[Question, bool | Exception] = {}
    away: Exception | None = None
    for channel, user_ids in wanted.items():
        found = namespace_of(channel)
        assert found is not None
        failure, allowed = away, set[int | None]()
        if failure is None:
            try:
                allowed = found[0].authorize(found[1], user_ids)
            except DatabaseError as error:
                failure = away = error
            except Exception as error:
                failure = error
        for user_id in user_ids:
            answers[channel, user_id] = failure or user_id in allowed
    return answers


async def no_longer_allowed(topic: Topic, readers: "Collection[Connection]") -> "list[Connection]":
    """Those of `readers` who may not read the topic any more. One query for all of them."""
    if not topic.namespace.needs_database or not readers:
        return []
    key = topic.channel.partition(":")[2]
    allowed = await threads.run(topic.namespace.authorize, key, {reader.user_id for reader in readers})
    return [reader for reader in readers if reader.user_id not in allowed and topic.channel in reader.channels]


async def standing(
    connections: "Collection[Connection]",
) -> "tuple[list[Connection], dict[Connection, frozenset[int]]]":
    """(those whose session has ended, who is hidden from each of them all). Two queries for all of them, one hop."""
    # As they are now: one that signs in or refreshes while the database answers was not asked about.
    asked = {connection: connection.identity for connection in connections if connection.identity is not None}
    if not asked:
        return [], {}
    sessions = {identity.session_id for identity in asked.values()}
    people = {identity.user_id for identity in asked.values()}
    alive, hidden = await threads.run(_standing, sessions, people)
    unchanged = {connection: identity for connection, identity in asked.items() if connection.identity is identity}
    return (
        [connection for connection, identity in unchanged.items() if identity.session_id not in alive],
        {connection: frozenset(hidden.get(identity.user_id, ())) for connection, identity in asked.items()},
    )


async def who_hides(user_id: int, people: Collection[int]) -> set[int]:
    """Those of `people` from whom that person is hidden. One query."""
    hidden = await threads.run(hidden_actors, people)
    return {person for person, actors in hidden.items() if user_id in actors}


def _standing(session_ids: set[str], user_ids: set[int]) -> tuple[set[str], Mapping[int, Collection[int]]]:
    return live_sessions(session_ids), hidden_actors(user_ids)
