"""Events of tests, put where the relay would put them: into the store, onto the bus, or only one of the two."""

from typing import Any

from asgiref.sync import sync_to_async
from channels.layers import get_channel_layer
from django.db.models import Max

from realtime.bus import CONTROL_TYPE, MESSAGE_TYPE, encode_data, group_of
from realtime.events import Reauthorize
from realtime.models import StreamEvent


def store_now(
    channel: str, count: int, *, type: str = "test.happened", actor_id: int | None = None, **data: Any
) -> list[StreamEvent]:
    """COUNT numbered events on CHANNEL."""
    heads = StreamEvent.objects.aggregate(position=Max("position"))
    position = heads["position"] or 0
    offset = StreamEvent.objects.filter(channel=channel).aggregate(head=Max("offset"))["head"] or 0
    return StreamEvent.objects.bulk_create(
        StreamEvent(
            channel=channel,
            type=type,
            data={"type": type, "number": offset + n, **data},
            actor_id=actor_id,
            offset=offset + n,
            position=position + n,
        )
        for n in range(1, count + 1)
    )


store = sync_to_async(store_now)


async def announce(
    *events: StreamEvent, reauthorize: int | list[Reauthorize] = Reauthorize.NOBODY, control: int | None = None
) -> None:
    """Puts events of one channel on the bus, as one message; `control` names the control event before it."""
    channel = events[0].channel
    flags = reauthorize if isinstance(reauthorize, list) else [reauthorize] * len(events)
    is_control = control is not None and any(flags)
    message = {
        "type": CONTROL_TYPE if is_control else MESSAGE_TYPE,
        "channel": channel,
        "control": control or 0,
        "events": [
            [e.position, e.offset, encode_data(e.data), e.actor_id or 0, int(flag), e.author_id or 0]
            for e, flag in zip(events, flags, strict=True)
        ],
    }
    await get_channel_layer().group_send(group_of(channel), message)
