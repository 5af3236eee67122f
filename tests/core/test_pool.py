"""The fixed pool: how many threads and sessions, what happens past the queue."""

import asyncio
import shutil
import tempfile
import threading
from contextlib import closing
from pathlib import Path
from urllib.parse import urlsplit

import psycopg2
import pytest
from django.db import connection, connections
from pytest_django.plugin import DjangoDbBlocker

from core import threads
from core.errors import Unavailable
from core.handler import OneHopHandler
from tests import services
from tests.core import routes
from tests.core.exchange import Exchange, exchange, until


async def test_what_does_not_fit_the_queue_is_a_503_at_once(handler: OneHopHandler) -> None:
    held = [Exchange(handler, "/wait/") for _ in range(4)]
    await until(lambda: routes.notes == ["entered"] * 2)
    refused = await exchange(handler, "/echo/")
    assert refused.status == 503 and refused.headers["retry-after"] == "1"
    assert refused.headers["content-type"] == "application/problem+json" and refused.json["code"] == "overloaded"
    routes.gate.set()
    for going in held:
        assert (await going.finish()).status == 200
    assert (await exchange(handler, "/echo/")).status == 200


async def test_a_client_that_gave_up_in_the_queue_is_not_served(handler: OneHopHandler) -> None:
    held = [Exchange(handler, "/wait/") for _ in range(3)]
    await until(lambda: routes.notes == ["entered"] * 2)
    held[2].task.cancel()
    await asyncio.wait([held[2].task])
    routes.gate.set()
    await held[0].finish()
    await held[1].finish()
    assert (await exchange(handler, "/echo/")).status == 200
    assert routes.notes.count("entered") == 2


async def test_work_that_is_not_a_request_runs_in_the_same_threads(small_pool: None) -> None:
    names = {await threads.run(lambda: threading.current_thread().name) for _ in range(8)}
    assert names <= {"web-0", "web-1"}


async def test_what_the_work_raises_is_raised_to_whoever_awaits_it(small_pool: None) -> None:
    with pytest.raises(ZeroDivisionError):
        await threads.run(lambda: 1 // 0)
    with pytest.raises(RuntimeError, match="SystemExit"):
        await threads.run(exit, 1)
    with pytest.raises(RuntimeError, match="StopIteration"):
        await threads.run(next, iter(()))


async def test_a_full_queue_refuses_other_work_too(small_pool: None) -> None:
    gate = threading.Event()
    held = [asyncio.ensure_future(threads.run(gate.wait, 20)) for _ in range(4)]
    await asyncio.sleep(0)
    with pytest.raises(Unavailable):
        await threads.run(gate.wait)
    gate.set()
    assert await asyncio.gather(*held) == [True] * 4


async def test_ending_the_pool_finishes_what_it_took(small_pool: None) -> None:
    work = [asyncio.ensure_future(threads.run(threading.get_ident)) for _ in range(4)]
    await asyncio.sleep(0)
    await asyncio.to_thread(threads.close)
    assert all(isinstance(ident, int) for ident in await asyncio.gather(*work))


def test_a_result_that_nobody_waits_for_any_more_ends_no_thread(
    small_pool: None, caplog: pytest.LogCaptureFixture
) -> None:
    gate, entered = threading.Event(), threading.Event()

    def hold() -> None:
        entered.set()
        gate.wait(20)

    async def leave() -> None:
        held = asyncio.ensure_future(threads.run(hold))
        await until(entered.is_set)
        held.cancel()

    asyncio.run(leave())
    gate.set()
    assert asyncio.run(threads.run(threading.get_ident))
    threads.close()
    assert "result_dropped" in caplog.text


@pytest.mark.django_db(transaction=True)
async def test_a_session_for_each_thread_serves_all_requests(handler: OneHopHandler) -> None:
    pids = set()
    for _ in range(10):
        answers = await asyncio.gather(*(exchange(handler, "/session/") for _ in range(4)))
        pids |= {answer.json["pid"] for answer in answers}
    assert 1 <= len(pids) <= 2


@pytest.mark.django_db(transaction=True)
async def test_sessions_that_were_ended_are_replaced_without_an_error(handler: OneHopHandler) -> None:
    first = {answer.json["pid"] for answer in await asyncio.gather(*(exchange(handler, "/session/") for _ in range(4)))}
    with closing(psycopg2.connect(**connection.get_connection_params())) as other, other.cursor() as cursor:
        cursor.execute("SELECT pg_terminate_backend(pid, 5000) FROM unnest(%s) AS pid", [list(first)])
    answers = await asyncio.gather(*(exchange(handler, "/session/") for _ in range(4)))
    assert [answer.status for answer in answers] == [200] * 4
    assert first.isdisjoint(answer.json["pid"] for answer in answers)


def open_folder() -> Path:
    """A new folder that another account may enter, as PostgreSQL's may be one."""
    folder = Path(tempfile.mkdtemp(prefix="simmer-stopped-"))
    folder.chmod(0o711)
    return folder


async def test_a_database_that_stops_and_starts_again_is_found_again(
    handler: OneHopHandler, monkeypatch: pytest.MonkeyPatch, django_db_blocker: DjangoDbBlocker
) -> None:
    folder = open_folder()
    server, url, _ = services.start_postgresql(folder)
    try:
        parts = urlsplit(url)
        place = {"HOST": parts.hostname, "PORT": parts.port, "USER": parts.username, "PASSWORD": parts.password}
        for name, value in {**place, "NAME": "postgres"}.items():
            monkeypatch.setitem(connections.settings["default"], name, value)
        with django_db_blocker.unblock():
            assert (await exchange(handler, "/api/session/")).status == 200
            server.stop()
            away = await exchange(handler, "/api/session/")
            assert away.status == 503 and away.json["code"] == "unavailable" and away.headers["retry-after"] == "1"
            # Outside the API the same is an ordinary failure; neither keeps the thread.
            assert (await exchange(handler, "/session/")).status == 500
            assert (await exchange(handler, "/echo/")).status == 200
            server = services.Server("PostgreSQL", server.process.args, folder, signum=server.signum)
            server.wait(f"{url.rpartition('/')[0]}/postgres")
            answers = await asyncio.gather(*(exchange(handler, "/api/session/") for _ in range(4)))
            assert [answer.status for answer in answers] == [200] * 4
            await asyncio.to_thread(threads.close)
    finally:
        server.stop()
        shutil.rmtree(folder, ignore_errors=True)
