"""Fences: an event that may change who reads is the last that its readers receive before their right was checked again.

An event's flags (`realtime.events.Reauthorize`) say whose right:

- READERS, on a channel whose authoriser asks the database: all readers of that channel wait there.
- any flag on a server-side channel (`inbox:{id}`): the connections of that user wait on all their channels, for a block
  or the end of a follow concerns other channels than the one that says so, and so does the end of a session.

What follows waits in order (realtime/waiting.py) while the database is asked; nobody else waits. A user who may read on
receives it then, one who may not receives the unsubscribe push (2000) and none of it. A question that fails is asked
again until it is answered, and they wait on.
"""

import asyncio
import logging
from collections.abc import Iterable
from typing import TYPE_CHECKING

from realtime.events import Reauthorize
from realtime.store import StoredEvent
from realtime.topics import Topic
from realtime.waiting import Kind, next_number

if TYPE_CHECKING:
    from realtime.connections import Connection
    from realtime.hub import Hub

log = logging.getLogger(__name__)

# Between a question that failed and the next.
RETRY_SECONDS = 0.2


class Fences:
    """Raises the fences of one hub, and lifts them: one task for each channel or user that is asked about."""

    def __init__(self, hub: "Hub") -> None:
        self._hub = hub
        # The topics that are being asked about: plain ones about their readers, inboxes about their user.
        self._asking: set[Topic] = set()
        # What was asked for by the events on an inbox, and has not been answered.
        self._wanted: dict[Topic, int] = {}

    def accept(self, topic: Topic, events: Iterable[StoredEvent]) -> bool:
        """`Topic.accept`, with a fence behind each event that has flags."""
        for event in events:
            before = topic.offset
            if not topic.accept((event,)):
                return False
            if event.reauthorize and topic.offset > before:
                self._raise_behind(topic, event.reauthorize)
        return True

    def _raise_behind(self, topic: Topic, flags: int) -> None:
        if topic.namespace.server_side:
            self.raise_for_user(topic, flags)
        elif flags & Reauthorize.READERS and topic.namespace.needs_database:
            topic.fenced = next_number()
            topic.fence(topic.connections(), Kind.CHANNEL, topic.fenced)
            self._ask(topic)

    def raise_for_user(self, inbox: Topic, flags: int, *, is_delivered: bool = True) -> None:
        """What follows waits on all channels of the user whose inbox it is.

        Not on the inbox while the event that says so is still to be delivered there.
        """
        connections = inbox.connections()
        number = next_number()
        for connection in connections:
            connection.fenced = number
        for topic in self._topics_of(connections):
            if topic is not inbox or is_delivered:
                topic.fence(connections, Kind.USER, number)
        self._wanted[inbox] = self._wanted.get(inbox, Reauthorize.NOBODY) | flags
        self._ask(inbox)

    def _ask(self, topic: Topic) -> None:
        if topic not in self._asking:
            self._asking.add(topic)
            self._hub.background(self._until_answered(topic))

    async def _until_answered(self, topic: Topic) -> None:
        ask = self._ask_about_user if topic.namespace.server_side else self._ask_about_channel
        failures = 0
        try:
            while True:
                try:
                    if await ask(topic):
                        return
                    failures = 0
                except Exception as error:
                    failures += 1
                    if failures == 1:
                        log.warning("recheck_failed channel=%s error=%r", topic.channel, error)
                    await asyncio.sleep(RETRY_SECONDS)
        finally:
            self._asking.discard(topic)
            self._wanted.pop(topic, None)

    async def _ask_about_channel(self, topic: Topic) -> bool:
        """One question for all who wait. True once nobody does."""
        readers = topic.fenced_off(Kind.CHANNEL)
        if not readers:
            return True
        number = next_number()
        refused = await self._hub.rights.no_longer_allowed(topic, readers)
        self._hub.rechecks.end(topic, refused)
        topic.lift(readers.difference(refused), Kind.CHANNEL, number)
        return False

    async def _ask_about_user(self, inbox: Topic) -> bool:
        """Whether sessions live, who is hidden, then all channels at once. True once nobody waits.

        Raises what an authoriser raises once the others have answered: the readers of its channels wait on.
        """
        if inbox.behind:
            # The event that says so comes first, whatever ends after it.
            await self._hub.fill(inbox)
        connections = inbox.connections()
        flags = self._wanted.pop(inbox, Reauthorize.NOBODY)
        fenced = [topic for topic in self._topics_of(connections) if topic.fenced_off(Kind.USER) & connections]
        if not fenced and not flags:
            return True
        number = next_number()
        try:
            await self._hub.rechecks.people(connections)
            if flags & Reauthorize.PERSON:
                families: dict[str, list[Topic]] = {}
                for topic in fenced:
                    families.setdefault(topic.namespace.name, []).append(topic)
                questions = (self._settle(topics, connections, number) for topics in families.values())
                for failure in await asyncio.gather(*questions, return_exceptions=True):
                    if failure is not None:
                        raise failure
            else:
                for topic in fenced:
                    topic.lift(connections, Kind.USER, number)
        except Exception:
            self._wanted[inbox] = self._wanted.get(inbox, Reauthorize.NOBODY) | flags
            raise
        return False

    async def _settle(self, topics: list[Topic], connections: "set[Connection]", number: int) -> None:
        """Lifts the fences, or ends the subscriptions, of one user's connections on channels of one family."""
        user_id = next(iter(connections)).user_id
        answers, failure = await self._hub.rights.may_read_each(topics, user_id)
        for topic, is_allowed in answers.items():
            if is_allowed:
                topic.lift(connections, Kind.USER, number)
            else:
                self._hub.rechecks.end(topic, connections)
        if failure is not None:
            raise failure

    def _topics_of(self, connections: "set[Connection]") -> list[Topic]:
        channels = set().union(*(connection.channels for connection in connections))
        return [topic for channel in channels if (topic := self._hub.topics.get(channel)) is not None]
