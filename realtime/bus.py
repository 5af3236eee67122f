"""The bus: what the relay says to the hubs, through the channel layer. It may lose messages; the store does not.

One message for each channel and batch, to the group `group_of(channel)`:

    {"type": "stream.events", "channel": "recipe:42", "control": 812,
     "events": [[position, offset, data, actor_id, reauthorize, author_id], ...]}

`data` is the event's JSON in bytes. `actor_id` is 0 when the event has no actor, `author_id` is 0 unless the event
carries the content of another user than the actor. `reauthorize` says whose rights the hubs check again
(`realtime.events.Reauthorize`). Offsets ascend without a gap.

A *control message* (type `stream.control`) carries an event that changes what the owner of a server-side channel
(`inbox:{id}`) may read on any channel. It goes to the group of CONTROL_CHANNEL, which every hub joins, before all other
messages of its batch. `control` is the position of the newest control event that was published before the message: a
hub that has not taken in that event yet reads it from the store before it delivers the message (realtime/controls.py).

What is not kept (realtime/ephemeral.py) comes as a message of its own, without a position:

    {"type": "stream.ephemeral", "channel": "inbox:3", "data": ...}
"""

from typing import Literal, TypedDict

import orjson

MESSAGE_TYPE: Literal["stream.events"] = "stream.events"
CONTROL_TYPE: Literal["stream.control"] = "stream.control"
EPHEMERAL_TYPE: Literal["stream.ephemeral"] = "stream.ephemeral"

CONTROL_CHANNEL = "control"

# position, offset, data, actor_id or 0, reauthorize, author_id or 0
BusEvent = tuple[int, int, bytes, int, int, int]


class BusMessage(TypedDict):
    type: Literal["stream.events", "stream.control"]
    channel: str
    control: int
    events: list[BusEvent]


class EphemeralMessage(TypedDict):
    type: Literal["stream.ephemeral"]
    channel: str
    data: bytes


def group_of(channel: str) -> str:
    """The channel layer's group for `channel`: its names may hold letters, digits, hyphens, underscores and dots."""
    return "stream." + channel.replace(":", ".")


def encode_data(data: str | bytes | dict[str, object]) -> bytes:
    """The event's data as the sockets send it: compact JSON, from the column's text or the model's dict."""
    return orjson.dumps(data if isinstance(data, dict) else orjson.loads(data))
