"""Rights that may have changed are asked for again: after an event that says so, and all of them every 30 seconds.

An event's flags (`realtime.events.Reauthorize`) say whose: the readers' of its channel, or all those of the person to
whose inbox it came. What fails is tried again at the hub's next look at the store.
"""

import asyncio
import itertools
import logging
from collections.abc import Collection, Mapping
from typing import TYPE_CHECKING

from realtime.events import Reauthorize
from realtime.gathering import Gathering
from realtime.protocol import Unsubscribed, unsubscribe_push
from realtime.topics import Topic

if TYPE_CHECKING:
    from realtime.connections import Connection
    from realtime.hub import Hub

log = logging.getLogger(__name__)

RECHECK_SECONDS = 30.0


class Rechecks:
    """What one hub asks of the apps about those who are connected already."""

    def __init__(self, hub: "Hub") -> None:
        self._hub = hub
        self._numbers = itertools.count(1)
        self._newcomers = Gathering["Connection", None](self._ask_of_newcomers, hub.background)

    async def after_events(self, topic: Topic) -> None:
        """Asks whatever the topic is `doubtful` of; a failure leaves it so."""
        asked, topic.doubtful = topic.doubtful, Reauthorize.NOBODY
        try:
            connections = topic.connections()
            await self.people(connections)
            if asked & Reauthorize.READERS:
                await self.readers(topic)
            # Only there are all connections that person's.
            if asked & Reauthorize.PERSON and topic.namespace.server_side:
                for channel in set().union(*(connection.channels for connection in connections)):
                    if (subscribed := self._hub.topics.get(channel)) is not None:
                        await self.readers(subscribed, connections & subscribed.connections())
        except Exception as error:
            topic.doubtful |= asked
            log.warning("recheck_failed channel=%s error=%r", topic.channel, error)

    async def newcomer(self, connection: "Connection") -> None:
        """`people` for one that connects, together with the others that do."""
        await self._newcomers.get(connection)

    async def _ask_of_newcomers(self, connections: "Collection[Connection]") -> "Mapping[Connection, None]":
        await self.people(connections)
        return dict.fromkeys(connections)

    async def people(self, connections: "Collection[Connection]") -> None:
        """Closes those whose session has ended, and learns who is hidden from the others. Two queries, one hop."""
        number = next(self._numbers)
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

    async def readers(self, topic: Topic, readers: "Collection[Connection] | None" = None) -> None:
        """Ends the subscriptions of those (of `readers`, or of all) who may no longer read the topic."""
        asked = topic.connections() if readers is None else readers
        for reader in await self._hub.rights.no_longer_allowed(topic, asked):
            topic.flush()
            self._hub.unsubscribe(reader, topic.channel)
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
