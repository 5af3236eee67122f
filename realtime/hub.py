"""The hub: one per server process. It joins the bus once per topic, delivers, fills gaps.

What keeps the promise (docs/realtime.md): the bus may lose messages and may be away, so each second the hub asks the
store which of its topics have moved and reads what the bus did not bring; duplicates fall out by offset.
"""

import asyncio
import logging
from collections import Counter
from collections.abc import Awaitable, Callable, Collection, Coroutine, Mapping
from typing import TYPE_CHECKING, Any

from channels.layers import get_channel_layer

from core import threads
from realtime.bus import CONTROL_TYPE, EPHEMERAL_TYPE
from realtime.channels import namespace_of
from realtime.controls import Controls
from realtime.counts import counts
from realtime.fence import Fences
from realtime.gathering import Gathering
from realtime.hints import Hints
from realtime.joining import Joining
from realtime.pings import Pings
from realtime.positions import read_heads
from realtime.presence import Presence
from realtime.protocol import Close, Disconnect, Position, UnknownChannel
from realtime.rechecks import Rechecks
from realtime.recovery import missed_events
from realtime.rights import Rights
from realtime.store import PAGE, StoredEvent, events_after
from realtime.store_monitor import StoreMonitor
from realtime.topics import Topic
from realtime.waiting import next_number

if TYPE_CHECKING:
    from realtime.connections import Connection

log = logging.getLogger(__name__)

STORE_SECONDS = 1.0
# How long a subscribe waits for the bus; afterwards the store brings what is new until the join succeeds.
JOIN_SECONDS = 1.0


class Hub:
    """Topics and connections of this process. All methods run on its event loop."""

    def __init__(self) -> None:
        self.topics: dict[str, Topic] = {}
        self.connections: set[Connection] = set()
        self.sockets_of_user: Counter[int] = Counter()
        self.sockets_of_address: Counter[str] = Counter()
        self._pings = Pings()
        self._dirty: list[Topic] = []
        self._layer: Any = get_channel_layer()
        self._joining = Joining(self._layer, self.background)
        self._monitor = StoreMonitor(self.background)
        self._tasks: set[asyncio.Task[None]] = set()
        self._heads = Gathering[str, int](_ask_heads, self.background)
        self.rights = Rights(self.background)
        self.rechecks = Rechecks(self)
        self.fences = Fences(self)
        self.controls = Controls(self, self._joining)
        self._hints = Hints(self)
        self.presence = Presence(self)

    def start(self) -> None:
        works = (
            self._receive,
            self._watch_store,
            self._pings.send,
            self.rechecks.all,
            self.controls.keep,
            self._hints.tell,
            self.presence.keep,
        )
        for work in works:
            self.background(_forever(work))

    async def stop(self, code: Close = Close.SHUTDOWN, reason: str = "shutdown") -> None:
        """Closes every socket and ends the hub's own work."""
        for connection in tuple(self.connections):
            connection.close(code, reason)
        # Again and again: a cancellation that arrives while redis-py connects is swallowed.
        while self._tasks:
            for task in tuple(self._tasks):
                task.cancel()
            await asyncio.wait(tuple(self._tasks), timeout=0.1)
        await self.presence.leave()

    def background(self, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        """Has the hub do it until it stops."""
        task: asyncio.Task[None] = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task

    # --- Connections ---------------------------------------------------------------------------------

    def add(self, connection: "Connection") -> None:
        self.connections.add(connection)
        counts.opened += 1
        self._pings.add(connection)
        self.sockets_of_address[connection.address] += 1

    def remove(self, connection: "Connection") -> None:
        if connection not in self.connections:
            return
        self.connections.remove(connection)
        self._pings.discard(connection)
        _decrement(self.sockets_of_address, connection.address)
        if connection.has_place and connection.identity is not None:
            _decrement(self.sockets_of_user, connection.identity.user_id)
        for channel in tuple(connection.channels):
            self.unsubscribe(connection, channel)

    # --- Subscriptions -------------------------------------------------------------------------------

    def register(self, connection: "Connection", channel: str) -> Topic:
        """Has what is delivered on the channel wait for `connection`, until `admit` or `unsubscribe`."""
        if connection not in self.connections:
            # It was closed while its right was looked up.
            raise Disconnect(Close.SHUTDOWN, "closed")
        topic = self.topic(channel)
        topic.register(connection)
        connection.channels.add(channel)
        return topic

    async def begin(self, connection: "Connection", topic: Topic, since: Position | None) -> dict[str, Any]:
        """The subscribe result for a connection that has registered; what waits for it continues after its offset."""
        if topic.namespace.recoverable:
            return await self._take_position(connection, topic, since)
        return await self._follow(topic, since)

    def admit(self, connection: "Connection", topic: Topic) -> None:
        """The reply with the subscribe result has been sent: pushes may follow."""
        topic.admit(connection)
        if topic.namespace.presence:
            self.presence.changed(topic.channel)

    async def _take_position(self, connection: "Connection", topic: Topic, since: Position | None) -> dict[str, Any]:
        await self._open(topic)
        epoch = self._monitor.epoch or await self._read_epoch()
        if since is not None and since.epoch == epoch and since.offset > topic.offset:
            # The client is ahead of what the bus has brought here; the store decides.
            await self.fill(topic)
        topic.flush()
        topic.forget_waiting(connection)
        offset = topic.offset
        result: dict[str, Any] = {"recoverable": True, "positioned": True, "epoch": epoch, "offset": offset}
        if since is not None:
            missed = await missed_events(topic.channel, since, epoch=epoch, head=offset)
            # Read the epoch after the events: those of a new epoch do not continue this client's offset.
            if missed is not None and await self._read_epoch() != epoch:
                missed = None
            result["was_recovering"] = True
            result["recovered"] = missed is not None
            result["publications"] = missed or []
        return result

    async def _follow(self, topic: Topic, since: Position | None) -> dict[str, Any]:
        """The subscribe result for a channel of hints: there is no position, and nothing to recover."""
        source = self._hints.follow(topic)
        if source is not None:
            await self._open(source)
        return {} if since is None else {"was_recovering": True, "recovered": False}

    def unsubscribe(self, connection: "Connection", channel: str) -> None:
        connection.channels.discard(channel)
        topic = self.topics.get(channel)
        if topic is None:
            return
        topic.dismiss(connection)
        if topic.namespace.presence:
            self.presence.changed(channel)
        self.close_if_empty(topic)

    def close_if_empty(self, topic: Topic) -> None:
        """Leaves the topic when nobody is left there."""
        if not topic.empty or self.topics.get(topic.channel) is not topic:
            return
        del self.topics[topic.channel]
        if topic.namespace.recoverable:
            self.background(self._leave(topic))
        else:
            self._hints.forget(topic)

    def topic(self, channel: str) -> Topic:
        """The topic of `channel`, made when it is the first time. Raises UnknownChannel."""
        topic = self.topics.get(channel)
        if topic is None:
            found = namespace_of(channel)
            if found is None:
                raise UnknownChannel
            topic = self.topics[channel] = Topic(channel, found[0])
        return topic

    # --- The bus -------------------------------------------------------------------------------------

    async def _open(self, topic: Topic) -> None:
        """Joins the bus first, reads the head of the channel then: what comes between is not lost."""
        if topic.opened:
            return
        if topic.joining is None:
            topic.joining = self.background(self._join(topic))
        await asyncio.wait({topic.joining}, timeout=JOIN_SECONDS)
        async with topic.lock:
            if not topic.opened:
                topic.offset = await self._heads.get(topic.channel)
                topic.opened = True
                topic.fenced = next_number()
        if topic.behind:
            await self.fill(topic)

    async def _join(self, topic: Topic) -> None:
        try:
            await self._joining.join(topic.channel)
            topic.joined = True
        except Exception as error:
            log.warning("bus_join_failed channel=%s error=%s", topic.channel, type(error).__name__)
        finally:
            topic.joining = None
        if topic.joined and self.topics.get(topic.channel) is not topic:
            await self._leave(topic)

    async def _leave(self, topic: Topic) -> None:
        if not topic.joined or topic.channel in self.topics:
            return
        topic.joined = False
        try:
            await self._joining.leave(topic.channel)
        except Exception as error:
            log.warning("bus_leave_failed channel=%s error=%s", topic.channel, type(error).__name__)
        # Somebody subscribed again while the bus was told: join once more.
        again = self.topics.get(topic.channel)
        if again is not None and again.joining is None:
            again.joined = False
            again.joining = self.background(self._join(again))

    async def _receive(self) -> None:
        """The one receive loop. It is never wrapped in a timeout: cancelling `receive()` deletes the channel."""
        receiver = await self._joining.receiver()
        while True:
            message = await self._layer.receive(receiver)
            topic = self.topics.get(message["channel"])
            if message["type"] == EPHEMERAL_TYPE:
                if topic is not None:
                    topic.hint(message["data"])
                continue
            self._monitor.note_received(message["events"][-1][0])
            if topic is not None:
                self._deliver_message(topic, message)
            if message["type"] == CONTROL_TYPE:
                self.controls.take_message(message)

    def _deliver_message(self, topic: Topic, message: Any) -> None:
        """Never waits, as it runs in the loop that receives for all topics."""
        if not topic.opened:
            topic.behind = True  # its head is being read, perhaps without these
        elif message.get("control", 0) > self.controls.position:
            # Who may receive these is known once the control events before them are: `fill` reads those first.
            topic.behind = True
            if not topic.lock.locked():
                self.background(self.fill(topic))
        else:
            self.deliver(topic, [StoredEvent(*event[1:]) for event in message["events"]])

    def deliver(self, topic: Topic, events: Collection[StoredEvent]) -> None:
        """Takes events of a topic from bus or store; flushes once per turn of the loop, so that bursts share frames."""
        before, flags = topic.offset, 0
        for event in events:
            flags |= event.reauthorize
        if not (self.fences.accept(topic, events) if flags else topic.accept(events)):
            topic.behind = True
            if not topic.lock.locked():
                self.background(self.fill(topic))
        if topic.offset == before:
            return
        if not self._dirty:
            asyncio.get_running_loop().call_soon(self._flush)
        self._dirty.append(topic)

    def _flush(self) -> None:
        dirty, self._dirty = self._dirty, []
        for topic in dirty:
            topic.flush()

    async def fill(self, topic: Topic) -> None:
        """Reads from the store whatever the topic has not delivered yet; `behind` stays set while that fails."""
        async with topic.lock:
            topic.behind = True
            while topic.opened and topic.behind:
                topic.behind = False
                counts.fills += 1
                try:
                    page = await threads.run(events_after, topic.channel, topic.offset)
                except Exception as error:
                    topic.behind = True
                    log.warning("fill_failed channel=%s error=%r", topic.channel, error)
                    return
                if page and page[0].offset > topic.offset + 1:
                    # Retention has passed us by: readers have to fetch the resource again.
                    self._lose_position(topic, page[-1].offset)
                elif page:
                    is_known = await self.controls.reach(page[-1].position)
                    # While the store answers slowly, as far as the control events are known; the next look goes on.
                    known = page if is_known else [e for e in page if e.position <= self.controls.position]
                    if known:
                        self.deliver(topic, known)
                    if not is_known:
                        topic.behind = True
                        return
                if len(page) == PAGE:
                    topic.behind = True

    def _lose_position(self, topic: Topic, offset: int) -> None:
        topic.offset = offset
        topic.fenced = next_number()  # an event that was skipped may have been a fence
        for connection in topic.connections():
            connection.lose_position(topic)

    async def _watch_store(self) -> None:
        """Each second: retries failed joins, and reads what the bus did not bring."""
        while True:
            await self._read_epoch()
            if await self._monitor.start_reading():
                # What was opened while that was read may have moved since, and the bus may be away.
                for topic in self.topics.values():
                    topic.behind = topic.namespace.recoverable
            await asyncio.sleep(STORE_SECONDS)
            for topic in tuple(self.topics.values()):
                if topic.namespace.recoverable and not topic.joined and topic.joining is None:
                    topic.joining = self.background(self._join(topic))
                if topic.opened and topic.behind:
                    await self.fill(topic)
            more = True
            while more:
                heads, more = await self._monitor.poll()
                for channel, offset in heads.items():
                    moved = self.topics.get(channel)
                    if moved is not None and not (moved.opened and moved.offset >= offset):
                        moved.behind = True
                for topic in tuple(self.topics.values()):
                    if topic.opened and topic.behind:
                        await self.fill(topic)

    async def _read_epoch(self) -> str:
        """Return the epoch. If it changed, every position is void: close all connections, their clients reconnect."""
        if await self._monitor.epoch_changed():
            log.warning("epoch_changed: closing %d sockets, their clients start anew", len(self.connections))
            for topic in self.topics.values():
                topic.opened = False
            for connection in tuple(self.connections):
                connection.close(Close.INSUFFICIENT_STATE, "the event store was restored")
            # The first look asks about every user who is here: now nobody is.
            self.controls.forget()
            self.background(self.controls.look())
        assert self._monitor.epoch is not None
        return self._monitor.epoch


async def _forever(work: Callable[[], Awaitable[None]]) -> None:
    """Runs `work` again after a failure: Redis or the database was away."""
    while True:
        try:
            await work()
        except asyncio.CancelledError:
            raise
        except Exception as error:
            log.warning("hub_work_failed work=%s error=%r", getattr(work, "__name__", work), error)
            await asyncio.sleep(1)


async def _ask_heads(channels: Collection[str]) -> Mapping[str, int]:
    return await threads.run(read_heads, channels)


def _decrement(counter: Counter[Any], key: Any) -> None:
    counter[key] -= 1
    if counter[key] <= 0:
        del counter[key]


_hubs: dict[asyncio.AbstractEventLoop, Hub] = {}


def hubs() -> tuple[Hub, ...]:
    """Those that were started in this process."""
    return tuple(_hubs.values())


def current_hub() -> Hub:
    """The hub of the running loop, started when first asked for."""
    loop = asyncio.get_running_loop()
    hub = _hubs.get(loop)
    if hub is None:
        hub = _hubs[loop] = Hub()
        hub.start()
    return hub
