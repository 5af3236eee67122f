"""What is still to be done when the server stops: apps register it, `core.server` waits for it."""

import logging
from collections.abc import Awaitable, Callable

log = logging.getLogger(__name__)

Goodbye = Callable[[], Awaitable[None]]
_goodbyes: list[Goodbye] = []


def register_goodbye(goodbye: Goodbye) -> None:
    """Has GOODBYE awaited, on the server's loop, once nobody new is let in; from an `AppConfig.ready()`."""
    _goodbyes.append(goodbye)


async def say_goodbye() -> None:
    """All of it, in the order of registration. What fails is logged, for the server ends all the same."""
    for goodbye in _goodbyes:
        try:
            await goodbye()
        except Exception:
            log.exception("goodbye_failed goodbye=%s", getattr(goodbye, "__qualname__", goodbye))
