"""Questions that come at the same moment are asked together, and each gets its own answer."""

import asyncio
import gc
import weakref
from collections.abc import Collection, Coroutine, Mapping
from typing import Any

import pytest

from realtime.gathering import Gathering


class Oracle:
    """Knows the square of a number, when it is let; keeps what it was asked."""

    def __init__(self) -> None:
        self.asked: list[list[int]] = []
        self.began, self.free = asyncio.Event(), asyncio.Event()
        self.fault: Exception | None = None

    async def __call__(self, numbers: Collection[int]) -> Mapping[int, int | Exception]:
        self.asked.append(list(numbers))
        self.began.set()
        await self.free.wait()
        if self.fault is not None:
            raise self.fault
        return {number: number * number if number >= 0 else ValueError(number) for number in numbers}


async def test_what_comes_while_one_is_answered_is_asked_together() -> None:
    oracle = Oracle()
    gathering = Gathering(oracle, asyncio.create_task)
    first = asyncio.create_task(gathering.get(1))
    await oracle.began.wait()
    others = [asyncio.create_task(gathering.get(number)) for number in (2, 3, 3, 1)]
    await asyncio.sleep(0)
    oracle.free.set()
    assert [await first, *await asyncio.gather(*others)] == [1, 4, 9, 9, 1]
    # The second 1 came after the first was asked: an answer is never older than its question.
    assert oracle.asked == [[1], [2, 3, 1]]


async def test_a_failed_answer_is_told_to_those_who_asked_for_it() -> None:
    oracle = Oracle()
    oracle.free.set()
    gathering = Gathering(oracle, asyncio.create_task)
    good, bad = await asyncio.gather(gathering.get(2), gathering.get(-2), return_exceptions=True)
    assert good == 4
    assert isinstance(bad, ValueError)


async def test_when_nothing_can_be_asked_all_are_told_and_the_next_one_asks_again() -> None:
    oracle = Oracle()
    oracle.free.set()
    oracle.fault = ConnectionError("away")
    gathering = Gathering(oracle, asyncio.create_task)
    assert all(
        isinstance(found, ConnectionError)
        for found in await asyncio.gather(gathering.get(1), gathering.get(2), return_exceptions=True)
    )
    oracle.fault = None
    assert await gathering.get(3) == 9


async def test_one_that_is_not_waited_for_any_more_holds_nobody_up() -> None:
    oracle = Oracle()
    gathering = Gathering(oracle, asyncio.create_task)
    gone, stays = asyncio.create_task(gathering.get(1)), asyncio.create_task(gathering.get(1))
    await oracle.began.wait()
    gone.cancel()
    oracle.free.set()
    assert await stays == 1
    with pytest.raises(asyncio.CancelledError):
        await gone


async def test_when_what_asks_is_cancelled_nobody_waits_for_ever() -> None:
    oracle = Oracle()
    tasks: list[asyncio.Task[None]] = []

    def start(work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        tasks.append(asyncio.create_task(work))
        return tasks[-1]

    gathering = Gathering(oracle, start)
    asking = asyncio.create_task(gathering.get(1))
    await oracle.began.wait()
    tasks[0].cancel()
    with pytest.raises(asyncio.CancelledError):
        await asking


async def test_an_answer_that_is_missing_is_an_error() -> None:
    async def forgetful(numbers: Collection[int]) -> Mapping[int, int]:
        return {}

    with pytest.raises(LookupError):
        await Gathering(forgetful, asyncio.create_task).get(1)


async def test_a_failure_keeps_nobody_in_memory() -> None:
    class Asker:
        pass

    async def away(askers: Collection[Asker]) -> Mapping[Asker, None]:
        raise ConnectionError("away")

    gathering = Gathering[Asker, None](away, asyncio.create_task)
    asker = Asker()
    gone = weakref.ref(asker)
    gc.disable()
    try:
        with pytest.raises(ConnectionError):
            await gathering.get(asker)
        del asker
        await asyncio.sleep(0)
        assert gone() is None
    finally:
        gc.enable()
