"""The bus: what the relay says to the hubs, through the channel layer. It may lose messages; the store does not.

One message for each channel and batch, to the group `group_of(channel)`:

    {"type": "stream.events", "channel": "recipe:42", "events": [[position, offset, data, actor_id, reauthorize], ...]}

`data` is the event's JSON in bytes; `actor_id` is 0 for events nobody did; `reauthorize` says whose rights are to be
asked again once the event is delivered (`realtime.events.Reauthorize`). Offsets ascend without a gap.

What is not kept (realtime/ephemeral.py) comes as a message of its own, without a position:

    {"type": "stream.ephemeral", "channel": "inbox:3", "data": ...}
"""

from typing import Literal, TypedDict

import orjson

MESSAGE_TYPE: Literal["stream.events"] = "stream.events"
EPHEMERAL_TYPE: Literal["stream.ephemeral"] = "stream.ephemeral"

# position, offset, data, actor_id or 0, reauthorize
BusEvent = tuple[int, int, bytes, int, int]


class BusMessage(TypedDict):
    type: Literal["stream.events"]
    channel: str
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
