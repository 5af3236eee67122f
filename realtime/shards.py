"""Which of the bus's Redis servers (BUS_REDIS_URLS) a group is on: one that is away holds up nobody but its own.

channels_redis knows it by attributes that are not public; where they are missing, all groups count as on one server.
"""

from typing import Any, NamedTuple

_LAYER = ("groups", "_get_shard", "_get_group_channel_name", "_shards")


class Shard(NamedTuple):
    """`redis`: the connections of this event loop to it. `number`: its place in BUS_REDIS_URLS.

    `name` is the group's in Redis, and `groups` has the layer's receivers by such names.
    """

    redis: Any
    number: int
    name: str
    groups: dict[str, set[str]]


def shard_of(proxy: Any, group: str) -> Shard | None:
    """Of the layer of the running event loop. None: this layer is another one than channels_redis' of pub/sub."""
    layer = proxy._get_layer() if hasattr(proxy, "_get_layer") else None
    if not all(hasattr(layer, name) for name in _LAYER):
        return None
    assert layer is not None
    name = layer._get_group_channel_name(group)
    redis = layer._get_shard(name)
    return Shard(redis, layer._shards.index(redis), name, layer.groups)
