"""Questions to the database that many sockets ask at the same moment, after a restart say, asked together."""

import asyncio
from collections.abc import Awaitable, Callable, Collection, Hashable, Mapping
from typing import Generic, TypeVar

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")


class Gathering(Generic[K, V]):
    """Answers `get` for one key by asking for many: `ask` is given all that came while it answered the ones before.

    Whoever comes alone is answered at once; under a rush, each waits for two answers at most, and the database is asked
    a few times instead of once for each. An answer is never older than its question. Of an exception in the place of an
    answer only those learn who asked for that key; one that `ask` itself raises, everybody does.
    """

    __slots__ = ("_ask", "_asking", "_waiting")

    def __init__(self, ask: Callable[[Collection[K]], Awaitable[Mapping[K, V | Exception]]]) -> None:
        self._ask = ask
        self._waiting: dict[K, list[asyncio.Future[V]]] = {}
        self._asking: asyncio.Task[None] | None = None

    async def get(self, key: K) -> V:
        """The answer for KEY."""
        loop = asyncio.get_running_loop()
        future: asyncio.Future[V] = loop.create_future()
        self._waiting.setdefault(key, []).append(future)
        if self._asking is None:
            self._asking = loop.create_task(self._ask_all())
        return await future

    async def _ask_all(self) -> None:
        try:
            while self._waiting:
                asked, self._waiting = self._waiting, {}
                try:
                    answers = await self._ask(asked.keys())
                except Exception as error:
                    answers = dict.fromkeys(asked, error)
                for key, futures in asked.items():
                    for future in futures:
                        _settle(future, answers[key])
        finally:
            self._asking = None


def _settle(future: "asyncio.Future[V]", answer: V | Exception) -> None:
    if future.done():  # whoever asked has gone
        return
    if isinstance(answer, Exception):
        future.set_exception(answer)
    else:
        future.set_result(answer)
