"""Who may read what, and what is hidden from whom: asked of the apps at subscribe, and when something has changed."""

from collections import defaultdict
from collections.abc import Collection, Mapping
from functools import partial
from typing import TYPE_CHECKING

from django.db import InterfaceError, OperationalError

from core import threads
from realtime.channels import Namespace, hidden_actors, live_sessions, namespace_of
from realtime.gathering import Gathering, Start
from realtime.protocol import UnknownChannel
from realtime.topics import Topic

if TYPE_CHECKING:
    from realtime.connections import Connection

# A channel's key and who wants to read it.
Question = tuple[str, int | None]


class Rights:
    """What one hub asks of the apps. Each question is put for as many readers as have it at that moment."""

    def __init__(self, start: Start) -> None:
        self._start = start
        # By namespace: a table that somebody has locked holds up its own readers alone, and one thread.
        self._readers: dict[str, Gathering[Question, bool]] = {}

    async def may_read(self, channel: str, user_id: int | None) -> bool:
        """Whether that person may read `channel`. Raises UnknownChannel, for an internal one too."""
        found = namespace_of(channel)
        if found is None or found[0].internal:
            raise UnknownChannel
        namespace, key = found
        if not namespace.needs_database:
            return user_id in namespace.authorize(key, [user_id])
        if namespace.name not in self._readers:
            self._readers[namespace.name] = Gathering(partial(_ask_authorizer, namespace.name), self._start)
        return await self._readers[namespace.name].get((key, user_id))

    async def no_longer_allowed(self, topic: Topic, readers: "Collection[Connection]") -> "list[Connection]":
        """Those of `readers` who may not read the topic any more. One call of the authoriser for all of them."""
        if not topic.namespace.needs_database or not readers:
            return []
        key = topic.channel.partition(":")[2]
        allowed = await threads.run(topic.namespace.authorize, key, {reader.user_id for reader in readers})
        return [reader for reader in readers if reader.user_id not in allowed and topic.channel in reader.channels]

    async def may_read_each(
        self, topics: Collection[Topic], user_id: int | None
    ) -> tuple[dict[Topic, bool], Exception | None]:
        """(whether that user may read each of `topics`, of one namespace; the last failure, which left some out).

        One hop of its own: it does not wait for the questions of others.
        """
        namespace = next(iter(topics)).namespace
        if not namespace.needs_database:
            return dict.fromkeys(topics, True), None
        asked = {topic: (topic.channel.partition(":")[2], user_id) for topic in topics}
        answers = await threads.run(_authorize, namespace, asked.values())
        found: dict[Topic, bool] = {}
        failure: Exception | None = None
        for topic, question in asked.items():
            answer = answers[question]
            if isinstance(answer, Exception):
                failure = answer
            else:
                found[topic] = answer
        return found, failure

    async def standing(
        self, connections: "Collection[Connection]"
    ) -> "tuple[list[Connection], dict[Connection, frozenset[int]]]":
        """(those whose session has ended, who is hidden from each of them all). Two queries for all, in one hop."""
        # As they are now: one that signs in or moves to another session meanwhile was not asked about.
        asked = {connection: connection.identity for connection in connections if connection.identity is not None}
        if not asked:
            return [], {}
        sessions = {identity.session_id for identity in asked.values()}
        people = {identity.user_id for identity in asked.values()}
        alive, hidden = await threads.run(_standing, sessions, people)
        return (
            [connection for connection in asked if _session_of(connection) in sessions - alive],
            {connection: frozenset(hidden.get(identity.user_id, ())) for connection, identity in asked.items()},
        )

    async def who_hides(self, user_id: int, people: Collection[int]) -> set[int]:
        """Those of `people` from whom that person is hidden. One query."""
        hidden = await threads.run(hidden_actors, people)
        return {person for person, actors in hidden.items() if user_id in actors}


async def _ask_authorizer(name: str, questions: Collection[Question]) -> Mapping[Question, bool | Exception]:
    found = namespace_of(f"{name}:0")
    assert found is not None
    return await threads.run(_authorize, found[0], questions)


def _authorize(namespace: Namespace, questions: Collection[Question]) -> dict[Question, bool | Exception]:
    """One call of the authoriser for each channel. Where one fails, its readers are told; without a database, all."""
    wanted: dict[str, set[int | None]] = defaultdict(set)
    for key, user_id in questions:
        wanted[key].add(user_id)
    answers: dict[Question, bool | Exception] = {}
    away: Exception | None = None
    for key, user_ids in wanted.items():
        failure, allowed = away, set[int | None]()
        if failure is None:
            try:
                allowed = namespace.authorize(key, user_ids)
            except Exception as error:
                # Without its traceback, which would hold this frame, and with it all answers.
                failure = error.with_traceback(None)
                away = failure if isinstance(error, OperationalError | InterfaceError) else None
        for user_id in user_ids:
            answers[key, user_id] = failure or user_id in allowed
    return answers


def _session_of(connection: "Connection") -> str:
    return connection.identity.session_id if connection.identity is not None else ""


def _standing(session_ids: set[str], user_ids: set[int]) -> tuple[set[str], Mapping[int, Collection[int]]]:
    return live_sessions(session_ids), hidden_actors(user_ids)
