"""Subscriptions that are being made: taken back as a whole, whatever fails between their registration and the reply."""

from collections.abc import Collection
from types import TracebackType
from typing import TYPE_CHECKING, Any

from realtime.protocol import PermissionDenied, Position
from realtime.store import StoredEvent
from realtime.topics import Topic

if TYPE_CHECKING:
    from realtime.connections import Connection


class Opening:
    """Use it in `with`: what was subscribed in the block and not admitted by its end is unsubscribed again.

    Between `subscribe` and `admit` everything delivered on the channel waits, so the reply comes first, and what
    follows continues right after its offset.
    """

    __slots__ = ("_connection", "_topics")

    def __init__(self, connection: "Connection") -> None:
        self._connection = connection
        self._topics: list[Topic] = []

    def __enter__(self) -> "Opening":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for topic in self._topics:
            self._connection.hub.unsubscribe(self._connection, topic.channel)

    async def subscribe(self, channel: str, since: Position | None) -> dict[str, Any]:
        """The subscribe result of a channel that is this user's own. Raises Disconnect when the socket was closed."""
        hub = self._connection.hub
        # Registered at once, so that the topic stays open while the store is read.
        topic = hub.register(self._connection, channel)
        self._topics.append(topic)
        return await hub.begin(self._connection, topic, since)

    async def subscribe_reader(self, channel: str, since: Position | None, *, asked: int = 0) -> dict[str, Any]:
        """The subscribe result, with nothing that the user may not read by now. Raises PermissionDenied otherwise.

        `asked`: the number of the question that was answered by "they may read it"; 0 when none was.
        """
        connection = self._connection
        hub = connection.hub
        result = await self.subscribe(channel, since)
        is_known = await learn_before(connection, result.get("publications"))
        topic = hub.topics.get(channel)
        # It may have been taken away while the answer was under way, when this was no reader to be asked about.
        is_outdated = not is_known or (topic is not None and asked <= max(connection.fenced, topic.fenced))
        if is_outdated and not await hub.rights.may_read(channel, connection.user_id):
            raise PermissionDenied
        if channel not in connection.channels:
            # A fence or a look at everybody's rights has ended it meanwhile.
            raise PermissionDenied
        return result

    def admit(self) -> None:
        """The reply has been sent: pushes may follow."""
        topics, self._topics = self._topics, []
        for topic in topics:
            self._connection.hub.admit(self._connection, topic)


async def learn_before(connection: "Connection", events: Collection[StoredEvent] | None) -> bool:
    """Learn what the control events before `events` hide from the user.

    Returns False if the hub does not know those control events yet, because the store answers slowly. The user's hidden
    set was read from the database then, after the events; the caller asks for the right once more.
    """
    if not events or connection.identity is None:
        return True
    is_known = await connection.hub.controls.reach(max(event.position for event in events))
    if not is_known or connection.standing_as_of < connection.fenced:
        await connection.hub.rechecks.newcomer(connection)
    return is_known
