"""Each request has an id, which goes back with the answer and stands in the log, and one line at its end."""

import asyncio
import logging
import re
from typing import Any

import orjson
import pytest
from django.db import OperationalError
from django.http import HttpRequest, HttpResponse
from django.urls import path
from django.views.decorators.csrf import csrf_exempt
from pytest_django import Settings

from core.api import problem_handler
from core.asgi import application
from core.requests import Observed
from tests.core.exchange import Exchange, exchange

pytestmark = pytest.mark.usefixtures("small_pool")
log = logging.getLogger(__name__)


def says(request: HttpRequest) -> HttpResponse:
    log.warning("inside")
    return HttpResponse("done")


def stored_and_failed(request: HttpRequest) -> HttpResponse:
    raise RuntimeError("a bug after the commit")


def database_away(request: HttpRequest) -> HttpResponse:
    response = problem_handler(OperationalError("the connection is lost"), {})
    assert response is not None
    return HttpResponse(orjson.dumps(response.data), status=response.status_code)


urlpatterns = [
    path("says/", says, name="says"),
    path("fails/", csrf_exempt(stored_and_failed)),
    path("api/fails/", stored_and_failed),
    path("away/", csrf_exempt(database_away)),
]
handler404 = "core.api.not_found"
handler500 = "core.api.server_error"


def lines(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [record.getMessage() for record in caplog.records if record.name == "simmer.request"]


@pytest.fixture(autouse=True)
def heard(caplog: pytest.LogCaptureFixture, settings: Settings) -> None:
    caplog.set_level(logging.INFO, "simmer.request")
    settings.TRUSTED_PROXIES = []
    settings.ROOT_URLCONF = __name__


async def test_an_answer_carries_an_id_of_its_own() -> None:
    ids = [(await exchange(application, "/healthz")).headers["x-request-id"] for _ in range(3)]
    assert all(re.fullmatch(r"[0-9a-f]{16}", found) for found in ids)
    assert len(set(ids)) == 3


async def test_the_id_of_a_trusted_proxy_is_kept(settings: Settings) -> None:
    settings.TRUSTED_PROXIES = ["192.0.2.0/24"]
    answer = await exchange(application, "/says/", headers={"X-Request-ID": "abc-123.x_Y"})
    assert answer.headers["x-request-id"] == "abc-123.x_Y"


@pytest.mark.parametrize(
    ("proxies", "sent"),
    [([], "abc"), (["198.51.100.1"], "abc"), (["192.0.2.1"], "a b"), (["192.0.2.1"], "x" * 65), (["192.0.2.1"], "é")],
    ids=["of nobody", "of a stranger", "with a space", "too long", "not ASCII"],
)
async def test_another_id_is_not(settings: Settings, proxies: list[str], sent: str) -> None:
    settings.TRUSTED_PROXIES = proxies
    answer = await exchange(application, "/says/", headers={"X-Request-ID": sent})
    assert re.fullmatch(r"[0-9a-f]{16}", answer.headers["x-request-id"])


async def test_what_is_logged_meanwhile_has_the_id(capfd: pytest.CaptureFixture[str]) -> None:
    """In the thread of the pool, where the views run."""
    handler = logging.getLogger().handlers[0]
    said: list[str] = []

    class Kept(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            said.append(handler.format(record))

    kept = Kept()
    log.addHandler(kept)
    try:
        answer = await exchange(application, "/says/")
    finally:
        log.removeHandler(kept)
    [line] = said
    assert line.endswith(f"inside request={answer.headers['x-request-id']}")


async def test_each_request_is_one_line_at_its_end(caplog: pytest.LogCaptureFixture) -> None:
    await exchange(application, "/says/", query="q=what+people+look+for&token=x")
    [line] = lines(caplog)
    assert re.fullmatch(
        r"request method=GET route=says path=/says/ status=200 ms=\d+\.\d user=- address=192\.0\.2\.1", line
    )


@pytest.mark.parametrize(
    ("path", "route", "status"),
    [
        ("/healthz", "healthz", 200),
        ("/static/core/docs.js", "static", 200),
        ("/media/nothing.webp", "media", 404),
        ("/whatever/it/is/", "none", 404),
        ("/says", "none", 308),
    ],
)
async def test_a_request_is_counted_under_its_route(
    caplog: pytest.LogCaptureFixture, path: str, route: str, status: int
) -> None:
    await exchange(application, path)
    assert f" route={route} path={path} status={status} " in lines(caplog)[0]


async def test_the_lines_can_be_switched_off(caplog: pytest.LogCaptureFixture, settings: Settings) -> None:
    settings.ACCESS_LOG = False
    await exchange(application, "/says/")
    assert lines(caplog) == []


async def test_a_client_that_leaves_is_no_error(caplog: pytest.LogCaptureFixture) -> None:
    going = Exchange(application, "/says/", method="POST", body=[])
    going.disconnect()
    await going.finish()
    assert " status=499 " in lines(caplog)[0]


async def test_an_application_that_fails_is_a_500(caplog: pytest.LogCaptureFixture) -> None:
    async def broken(scope: Any, receive: Any, send: Any) -> None:
        raise RuntimeError("a bug")

    with pytest.raises(RuntimeError):
        await exchange(Observed(broken), "/x")
    assert " status=500 " in lines(caplog)[0]


@pytest.mark.parametrize(("path", "status"), [("/fails/", 500), ("/api/fails/", 500), ("/away/", 503)])
async def test_a_failure_names_its_request_and_promises_nothing(path: str, status: int) -> None:
    answer = await exchange(application, path, method="POST", body=[b"x"])
    assert answer.status == status
    assert answer.json["request_id"] == answer.headers["x-request-id"]
    assert "may have been stored" in answer.json["detail"]


async def test_an_application_beside_django_names_the_request_that_failed(caplog: pytest.LogCaptureFixture) -> None:
    async def broken(scope: Any, receive: Any, send: Any) -> None:
        raise RuntimeError("a bug")

    going = Exchange(Observed(broken), "/x")
    with pytest.raises(RuntimeError):
        await going.finish()
    answer = orjson.loads(going.content)
    assert (going.status, answer["code"]) == (500, "internal")
    assert answer["request_id"] == going.headers["x-request-id"] and "may have been stored" in answer["detail"]
    assert any("request_failed" in record.getMessage() for record in caplog.records)


async def test_a_refusal_names_no_request() -> None:
    assert "request_id" not in (await exchange(application, "/nowhere/")).json


async def test_one_that_is_cancelled_is_not(caplog: pytest.LogCaptureFixture) -> None:
    async def slow(scope: Any, receive: Any, send: Any) -> None:
        await asyncio.Event().wait()

    going = Exchange(Observed(slow), "/x")
    await asyncio.sleep(0)
    going.task.cancel()
    await asyncio.wait([going.task])
    assert " status=499 " in lines(caplog)[0]
