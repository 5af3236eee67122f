"""Streamed answers: pumped from the thread, no faster than the client reads, closed when it goes."""

import pytest

from core import handler as handlers
from core.handler import IncompleteAnswer, OneHopHandler
from tests.core import routes
from tests.core.exchange import Exchange, exchange, until


async def test_a_stream_arrives_whole_and_in_order(handler: OneHopHandler) -> None:
    answer = await exchange(handler, "/stream/")
    assert answer.content == b"".join(b"%d\n" % number for number in range(1000))
    assert answer.sent[-1]["more_body"] is False
    assert routes.notes[-1] == "closed"


async def test_a_stream_waits_for_its_reader(handler: OneHopHandler) -> None:
    going = Exchange(handler, "/stream/")
    await until(lambda: len(going.sent) > 5)
    going.reading.clear()
    sent = len(going.sent)
    # One block is in the application's hands while the client does not read, and no more are made.
    await until(lambda: len(routes.notes) == sent)
    other = await exchange(handler, "/echo/")
    assert other.status == 200 and len(going.sent) == sent and len(routes.notes) == sent
    going.reading.set()
    await going.finish()
    assert going.content.endswith(b"999\n")


async def test_a_stream_is_closed_when_the_client_goes(handler: OneHopHandler) -> None:
    going = Exchange(handler, "/stream/")
    await until(lambda: len(going.sent) > 5)
    going.reading.clear()
    going.disconnect()
    going.reading.set()
    await going.finish()
    assert routes.notes[-1] == "closed" and len(routes.notes) < 1000
    assert (await exchange(handler, "/echo/")).status == 200


async def test_a_stream_is_closed_when_the_server_cancels_it(handler: OneHopHandler) -> None:
    going = Exchange(handler, "/stream/")
    await until(lambda: len(going.sent) > 5)
    going.reading.clear()
    # The thread waits in a send that never returns.
    sent = len(going.sent)
    await until(lambda: len(routes.notes) == sent)
    going.task.cancel()
    await until(lambda: routes.notes[-1] == "closed")


async def test_a_reader_that_stalls_gives_its_thread_back(
    handler: OneHopHandler, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(handlers, "STALLED_SECONDS", 0.05)
    going = Exchange(handler, "/stream/")
    await until(lambda: len(going.sent) > 5)
    going.reading.clear()
    await until(lambda: routes.notes[-1] == "closed")
    # The server closes the connection, so that nobody takes the part for the whole.
    with pytest.raises(IncompleteAnswer):
        await going.finish()


async def test_head_of_a_stream_makes_none_of_it(handler: OneHopHandler) -> None:
    answer = await exchange(handler, "/stream/", method="HEAD")
    assert answer.status == 200 and answer.content == b""
    assert not any(note.startswith("made") for note in routes.notes)


async def test_a_file_is_sent_and_closed(handler: OneHopHandler) -> None:
    answer = await exchange(handler, "/file/")
    assert answer.content == bytes(range(256)) * 1000
    assert answer.headers["content-length"] == "256000"
    assert answer.headers["content-disposition"] == 'inline; filename="bytes.bin"'
    assert routes.notes == ["file closed"]
