"""Questions to the database that many sockets ask at the same moment, after a restart say, asked together."""

import asyncio
from collections.abc import Awaitable, Callable, Collection, Coroutine, Hashable, Mapping
from typing import Any, Generic, TypeVar

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")

# Starts a coroutine as a task of whoever will end it.
Start = Callable[[Coroutine[Any, Any, None]], "asyncio.Task[None]"]


class Gathering(Generic[K, V]):
    """Answers `get` for one key by asking for many: `ask` is given all that came while it answered the ones before.

    Whoever comes alone is answered at once; under a rush, each waits for two answers at most, and the database is asked
    a few times instead of once for each. An answer is never older than its question. Of an exception in the place of an
    answer only those learn who asked for that key; one that `ask` itself raises, everybody does.
    """

    __slots__ = ("_ask", "_asking", "_start", "_waiting")

    def __init__(self, ask: Callable[[Collection[K]], Awaitable[Mapping[K, V | Exception]]], start: Start) -> None:
        self._ask = ask
        self._start = start
        self._waiting: dict[K, list[asyncio.Future[V]]] = {}
        self._asking: asyncio.Task[None] | None = None

    async def get(self, key: K) -> V:
        """The answer for KEY. Cancelled when what asks is."""
        future: asyncio.Future[V] = asyncio.get_running_loop().create_future()
        self._waiting.setdefault(key, []).append(future)
        if self._asking is None:
            self._asking = self._start(self._ask_all())
        try:
            return await future
        finally:
            del future  # or its exception, by its traceback and this frame, would hold itself

    async def _ask_all(self) -> None:
        try:
            while self._waiting:
                asked, self._waiting = self._waiting, {}
                await self._answer(asked)
        finally:
            self._asking = None

    async def _answer(self, asked: dict[K, list["asyncio.Future[V]"]]) -> None:
        answers: Mapping[K, V | Exception] | None = None
        try:
            answers = await self._ask(asked.keys())
        except Exception as error:
            # Without its traceback, which would hold this frame, and with it all who have asked.
            answers = dict.fromkeys(asked, error.with_traceback(None))
        finally:
            for key, futures in asked.items():
                for future in futures:
                    if answers is None:
                        future.cancel()
                    elif not future.done():  # whoever asked may have gone
                        _settle(future, answers.get(key, LookupError(key)))


def _settle(future: "asyncio.Future[V]", answer: V | Exception) -> None:
    if isinstance(answer, Exception):
        future.set_exception(answer)
    else:
        future.set_result(answer)
