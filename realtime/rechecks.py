"""Rights that may have changed are asked for again: after an event that says so (realtime/fence.py), and all of them
every 30 seconds.
"""

import asyncio
import logging
from collections.abc import Collection, Mapping
from typing import TYPE_CHECKING

from realtime.gathering import Gathering
from realtime.protocol import Unsubscribed, unsubscribe_push
from realtime.topics import Topic
from realtime.waiting import next_number

if TYPE_CHECKING:
    from realtime.connections import Connection
    from realtime.hub import Hub

log = logging.getLogger(__name__)

RECHECK_SECONDS = 30.0


class Rechecks:
    """What one hub asks of the apps about those who are connected already."""

    def __init__(self, hub: "Hub") -> None:
        self._hub = hub
        self._newcomers = Gathering["Connection", None](self._ask_of_newcomers, hub.background)

    async def newcomer(self, connection: "Connection") -> None:
        """`people` for one that connects, together with the others that do."""
        await self._newcomers.get(connection)

    async def _ask_of_newcomers(self, connections: "Collection[Connection]") -> "Mapping[Connection, None]":
        await self.people(connections)
        return dict.fromkeys(connections)

    async def people(self, connections: "Collection[Connection]") -> None:
        """Closes those whose session has ended, and learns who is hidden from the others. Two queries, one hop."""
        number = next_number()
        ended, hidden = await self._hub.rights.standing(connections)
        for connection, people in hidden.items():
            # Answers overtake each other, and that of the younger question counts.
            if connection.standing_as_of < number:
                connection.standing_as_of = number
                self._hide(connection, people)
        for connection in ended:
            connection.end_of_session()

    def _hide(self, connection: "Connection", people: frozenset[int]) -> None:
        if connection.hidden == people:
            return
        connection.hidden = people
        for channel in connection.channels:
            self._hub.topics[channel].sort(connection)

    async def readers(self, topic: Topic) -> None:
        """Ends the subscriptions of those who may no longer read the topic."""
        self.end(topic, await self._hub.rights.no_longer_allowed(topic, topic.connections()))

    def end(self, topic: Topic, refused: "Collection[Connection]") -> None:
        """Ends the subscriptions of those who were refused. To a subscribe without a reply, that is the reply."""
        topic.flush()
        for reader in refused:
            if topic.channel not in reader.channels:
                continue
            unanswered = topic.is_unanswered(reader)
            self._hub.unsubscribe(reader, topic.channel)
            if not unanswered:
                reason = "you may no longer read this channel"
                reader.sink.reply(unsubscribe_push(topic.channel, Unsubscribed.RIGHT_TAKEN_AWAY, reason))

    async def all(self) -> None:
        """Every 30 seconds, for what no event tells: everybody, then every channel."""
        while True:
            await asyncio.sleep(RECHECK_SECONDS)
            # What fails in one app is no reason to trust the readers of the others.
            try:
                await self.people(tuple(self._hub.connections))
            except Exception as error:
                log.warning("recheck_failed of=people error=%r", error)
            for topic in tuple(self._hub.topics.values()):
                try:
                    await self.readers(topic)
                except Exception as error:
                    log.warning("recheck_failed channel=%s error=%r", topic.channel, error)
