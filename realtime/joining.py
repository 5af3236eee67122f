"""The hub's groups on the bus: those of all channels that are opened at the same moment are joined together.

`group_add` of channels_redis takes one group, and costs a command, a system call and a turn of a lock each time: a
tenth of what a signed-in connect cost. Its Redis connections take any number, by attributes that are not public;
where they are missing, groups are added one by one, and the log says so.
"""

import asyncio
import logging
from collections.abc import Collection, Mapping
from functools import partial
from typing import Any

from realtime.bus import group_of
from realtime.gathering import Gathering, Start
from realtime.shards import shard_of

log = logging.getLogger(__name__)

_SHARD = ("_lock", "_pubsub", "_subscribed_to", "_ensure_redis", "_ensure_receiver")


class Joining:
    """Adds groups to one receiving channel of the layer, and takes them away."""

    def __init__(self, layer: Any, start: Start) -> None:
        self._layer = layer
        self._start = start
        self._receiver = ""
        self._ready = asyncio.Event()
        # By Redis: one that is away holds nobody up but its own.
        self._together: dict[Any, Gathering[str, None]] = {}

    async def receiver(self) -> str:
        """The layer's channel on which all that is joined arrives; joins wait for it."""
        if not self._receiver:
            self._receiver = await self._layer.new_channel()
            self._ready.set()
        return self._receiver

    async def join(self, channel: str) -> None:
        """Has the bus bring what is published on CHANNEL. Raises what Redis raises."""
        await self._ready.wait()
        group = group_of(channel)
        found = shard_of(self._layer, group)
        if found is None or not all(hasattr(found.redis, name) for name in _SHARD):
            _say_once()
            await self._layer.group_add(group, self._receiver)
            return
        groups, name, shard = found.groups, found.name, found.redis
        groups.setdefault(name, set()).add(self._receiver)
        if shard not in self._together:
            self._together[shard] = Gathering(partial(_subscribe, shard), self._start)
        await self._together[shard].get(name)

    async def leave(self, channel: str) -> None:
        """The bus need not bring CHANNEL any more. Raises what Redis raises."""
        await self._layer.group_discard(group_of(channel), self._receiver)


async def _subscribe(shard: Any, names: Collection[str]) -> Mapping[str, None]:
    """What RedisSingleShardConnection does of one name at a time."""
    async with shard._lock:
        if new := [name for name in names if name not in shard._subscribed_to]:
            shard._ensure_redis()
            shard._ensure_receiver()
            await shard._pubsub.subscribe(*new)
            shard._subscribed_to.update(new)
    return dict.fromkeys(names)


_said = False


def _say_once() -> None:
    global _said
    if not _said:
        _said = True
        log.warning("joins_one_by_one: this channels_redis is another one; each group is added by itself")
