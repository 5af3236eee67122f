"""Exceptions anywhere become problem+json and a line in the log; the thread goes on."""

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from django.core import signals
from django.dispatch import Signal
from pytest_django import Settings

from core.handler import OneHopHandler
from tests.core import routes
from tests.core.exchange import exchange


@pytest.fixture(params=[False, True], ids=["production", "DEBUG"])
def debug(settings: Settings, request: pytest.FixtureRequest) -> bool:
    settings.DEBUG = request.param
    return settings.DEBUG


@pytest.mark.parametrize("how", ["bug", "exit", "stop", "header", "rendering", "nothing"])
async def test_a_view_that_fails_is_a_500(
    handler: OneHopHandler, how: str, debug: bool, caplog: pytest.LogCaptureFixture
) -> None:
    answer = await exchange(handler, "/fail/", query=f"how={how}")
    assert answer.status == 500
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json["code"] == "internal" and answer.json["status"] == 500
    [record] = [record for record in caplog.records if record.levelno >= logging.ERROR]
    assert record.exc_info is not None and "/fail/" in record.getMessage()


@pytest.mark.parametrize(
    ("how", "status", "code"),
    [("missing", 404, "not_found"), ("forbidden", 403, "forbidden"), ("suspicious", 400, "bad_request")],
)
async def test_refusals_outside_the_api_are_problems_too(
    handler: OneHopHandler, how: str, status: int, code: str, debug: bool
) -> None:
    answer = await exchange(handler, "/fail/", query=f"how={how}")
    assert answer.status == status and answer.json["code"] == code


async def test_an_unknown_address_is_a_problem(handler: OneHopHandler, debug: bool) -> None:
    answer = await exchange(handler, "/no/such/route/")
    assert answer.status == 404 and answer.json["code"] == "not_found"
    assert answer.headers["content-type"] == "application/problem+json"


async def test_an_address_without_its_last_slash_redirects_with_method_and_query(
    handler: OneHopHandler, debug: bool
) -> None:
    answer = await exchange(handler, "/echo", method="POST", query="a=1")
    assert answer.status == 308 and answer.headers["location"] == "/echo/?a=1"


async def test_no_redirect_leaves_the_site(handler: OneHopHandler, settings: Settings) -> None:
    settings.ROOT_URLCONF = "tests.core.any_path"
    answer = await exchange(handler, "//evil.example/a")
    assert answer.status == 308 and answer.headers["location"] == "/%2Fevil.example/a/"


def broken_middleware(get_response: Callable[[Any], Any]) -> Callable[[Any], Any]:
    def middleware(request: Any) -> Any:
        raise RuntimeError("a bug in a middleware")

    return middleware


async def test_a_middleware_that_fails_is_a_500(settings: Settings, handler: OneHopHandler) -> None:
    settings.MIDDLEWARE = [f"{__name__}.broken_middleware"]
    answer = await exchange(OneHopHandler(), "/echo/")
    assert answer.status == 500 and answer.json["code"] == "internal"


@contextmanager
def failing(signal: Signal) -> Iterator[None]:
    def receiver(**kwargs: object) -> None:
        raise RuntimeError("a bug in a receiver")

    signal.connect(receiver)
    try:
        yield
    finally:
        signal.disconnect(receiver)


async def test_a_receiver_of_request_started_that_fails_is_a_500(handler: OneHopHandler) -> None:
    with failing(signals.request_started):
        assert (await exchange(handler, "/echo/")).status == 500


async def test_no_address_forges_a_line_of_the_log(handler: OneHopHandler, caplog: pytest.LogCaptureFixture) -> None:
    with failing(signals.request_started):
        await exchange(handler, "/echo/\nERROR forged")
    [message] = [record.getMessage() for record in caplog.records if record.levelno >= logging.ERROR]
    assert "forged" in message and "\n" not in message


async def test_a_receiver_of_request_finished_that_fails_takes_no_answer_away(
    handler: OneHopHandler, caplog: pytest.LogCaptureFixture
) -> None:
    with failing(signals.request_finished):
        assert (await exchange(handler, "/echo/")).status == 200
    assert any("request_finished_failed" in record.getMessage() for record in caplog.records)


async def test_the_threads_survive_every_failure(handler: OneHopHandler) -> None:
    before = {(await exchange(handler, "/echo/")).json["thread"] for _ in range(6)}
    for how in ["bug", "exit", "stop"] * 2:
        await exchange(handler, "/fail/", query=f"how={how}")
    after = {(await exchange(handler, "/echo/")).json["thread"] for _ in range(6)}
    assert before | after <= {"web-0", "web-1"}


# --- streams ---


async def test_an_async_iterator_is_refused_with_the_reason(
    handler: OneHopHandler, caplog: pytest.LogCaptureFixture
) -> None:
    answer = await exchange(handler, "/async-stream/")
    assert answer.status == 500 and answer.json["code"] == "internal"
    [record] = [record for record in caplog.records if record.exc_info]
    assert "async iterator" in str(record.exc_info and record.exc_info[1])


async def test_a_stream_that_fails_at_once_is_a_500(handler: OneHopHandler) -> None:
    answer = await exchange(handler, "/broken-stream/", query="after=0")
    assert answer.status == 500 and answer.json["code"] == "internal"


async def test_a_stream_that_fails_later_does_not_end_as_if_it_were_whole(handler: OneHopHandler) -> None:
    from core.handler import IncompleteAnswer
    from tests.core.exchange import Exchange

    going = Exchange(handler, "/broken-stream/", query="after=2")
    with pytest.raises(IncompleteAnswer):
        await going.finish()
    assert going.content == b"0\n1\n" and all(message["more_body"] for message in going.sent[1:])
    assert (await exchange(handler, "/echo/")).status == 200
    assert not routes.notes
