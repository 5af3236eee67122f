"""The end of a server: its clients are told to go to another one (3001), not all at once."""

import asyncio
import math
from itertools import islice

from django.conf import settings

from realtime.hub import Hub, hubs
from realtime.protocol import Close

SLICE_SECONDS = 0.05
# So many a second may come to another server in any case: few sockets need not wait.
AT_LEAST = 200


async def drain() -> None:
    """Closes the sockets and event streams of this process within SHUTDOWN_SECONDS, and ends its hubs."""
    for hub in hubs():
        await close_in_slices(hub, seconds=settings.SHUTDOWN_SECONDS)
        await hub.stop()


async def close_in_slices(hub: Hub, *, seconds: float) -> None:
    """Closes all connections of HUB, evenly over SECONDS; those that come meanwhile too."""
    pace = max(AT_LEAST, len(hub.connections) / seconds if seconds > 0 else math.inf)
    size = len(hub.connections) if math.isinf(pace) else math.ceil(pace * SLICE_SECONDS)
    while hub.connections:
        for connection in tuple(islice(hub.connections, max(1, size))):
            connection.close(Close.SHUTDOWN, "shutdown")
        if hub.connections:
            await asyncio.sleep(SLICE_SECONDS)
