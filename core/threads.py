"""The process's one pool of threads for synchronous work: every request, and all database work of sockets.

The threads live as long as the process, so each keeps its database session (`CONN_MAX_AGE` works as it does under
WSGI): a process has at most WEB_THREADS sessions. The queue is bounded: what would wait too long is refused at once.
"""

import asyncio
import contextvars
import logging
import threading
from collections.abc import Callable
from dataclasses import dataclass
from queue import SimpleQueue
from typing import Any, ParamSpec, TypeVar

from django.conf import settings
from django.db import close_old_connections, connections

from core.errors import Unavailable

log = logging.getLogger(__name__)

P = ParamSpec("P")
T = TypeVar("T")


@dataclass(slots=True)
class _Work:
    loop: asyncio.AbstractEventLoop
    future: asyncio.Future[Any]
    # The caller's: what one request leaves in context variables (script prefix, URL configuration) no other sees.
    context: contextvars.Context
    function: Callable[..., Any]
    args: tuple[Any, ...]


_own = threading.local()


def in_pool() -> bool:
    """Whether this thread is one of the pool's: then a request waits for it, and others for the thread."""
    return getattr(_own, "is_of_a_pool", False)


class Pool:
    """`threads` threads that take work in order; with `queue` more of it waiting, the next is refused."""

    def __init__(self, *, threads: int, queue: int) -> None:
        self._most = threads + queue
        self._unfinished = 0
        self._lock = threading.Lock()
        self._work: SimpleQueue[_Work | None] = SimpleQueue()
        # Daemons: a view that hangs must not keep the process from ending.
        self._threads = [threading.Thread(target=self._run, name=f"web-{n}", daemon=True) for n in range(threads)]
        for thread in self._threads:
            thread.start()

    def submit(self, function: Callable[..., T], *args: Any) -> asyncio.Future[T]:
        """Runs FUNCTION in a thread; raises Unavailable at once when the queue is full.

        Cancelling the future drops work that has not begun; what runs is never interrupted.
        """
        with self._lock:
            if self._unfinished >= self._most:
                raise Unavailable("Too many requests are waiting; try again shortly.", code="overloaded")
            self._unfinished += 1
        loop = asyncio.get_running_loop()
        future: asyncio.Future[T] = loop.create_future()
        self._work.put(_Work(loop, future, contextvars.copy_context(), function, args))
        return future

    @property
    def unfinished(self) -> int:
        """How much work has been taken and is not done, that which waits included."""
        return self._unfinished

    def close(self, timeout: float | None = None) -> None:
        """Finishes the work taken, closes the threads' database sessions and ends the threads."""
        for _ in self._threads:
            self._work.put(None)
        for thread in self._threads:
            thread.join(timeout)

    def _run(self) -> None:
        _own.is_of_a_pool = True
        while (work := self._work.get()) is not None:
            result: Any = None
            error: BaseException | None = None
            if not work.future.cancelled():
                try:
                    result = work.context.run(work.function, *work.args)
                except Exception as caught:
                    error = caught
                except BaseException as caught:  # SystemExit would end the loop that awaits it, and with it the server
                    error = RuntimeError(f"{type(caught).__name__} in a pool thread")
                    error.__cause__ = caught
                if isinstance(error, StopIteration):  # a future cannot carry one
                    error = RuntimeError("StopIteration in a pool thread")
            with self._lock:
                self._unfinished -= 1
            try:
                work.loop.call_soon_threadsafe(_settle, work.future, result, error)
            except RuntimeError:  # the loop is closed: nobody waits any more
                log.warning("result_dropped function=%s", getattr(work.function, "__qualname__", work.function))
            del work, result, error
        connections.close_all()


def _settle(future: asyncio.Future[Any], result: Any, error: BaseException | None) -> None:
    if future.cancelled():
        return
    if error is None:
        future.set_result(result)
    else:
        future.set_exception(error)


_pool: Pool | None = None
_pool_lock = threading.Lock()


def pool() -> Pool:
    """The process's pool, started at its first use."""
    global _pool
    if _pool is None:
        with _pool_lock:
            if _pool is None:
                _pool = Pool(threads=settings.WEB_THREADS, queue=settings.WEB_QUEUE)
    return _pool


def close(timeout: float | None = None) -> None:
    """Ends the pool after the work it has taken; the next use starts another."""
    global _pool
    with _pool_lock:
        ending, _pool = _pool, None
    if ending is not None:
        ending.close(timeout)


async def run(function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """Calls FUNCTION in a pool thread, with a database session that is neither broken nor too old.

    Raises what FUNCTION raises, and Unavailable at once when the queue is full.
    """
    return await pool().submit(_with_fresh_connections, function, args, kwargs)


def _with_fresh_connections(function: Callable[..., T], args: tuple[Any, ...], kwargs: dict[str, Any]) -> T:
    close_old_connections()
    try:
        return function(*args, **kwargs)
    finally:
        close_old_connections()
