"""A request through the one-hop handler: what a view sees, and what the client gets."""

import threading

import pytest
from django.core import signals
from pytest_django import Settings

from core.handler import OneHopHandler
from tests.core import routes
from tests.core.exchange import Exchange, exchange, until


async def test_a_view_sees_the_request_as_under_any_server(handler: OneHopHandler) -> None:
    answer = await exchange(
        handler,
        "/echo/",
        method="POST",
        query="a=1&b=%C3%A9",
        headers={"X-Test": "yes", "Cookie": "c=crumb", "Content-Length": "6"},
        body=[b"abc", b"def"],
    )
    assert answer.status == 200
    seen = answer.json
    assert seen["method"] == "POST" and seen["path"] == "/echo/" and seen["query"] == {"a": "1", "b": "é"}
    assert seen["header"] == "yes" and seen["cookie"] == "crumb" and seen["address"] == "192.0.2.1"
    assert seen["size"] == 6 and seen["thread"].startswith("web-")


async def test_the_whole_answer_is_sent_at_once(handler: OneHopHandler) -> None:
    answer = await exchange(handler, "/echo/")
    assert [message["type"] for message in answer.sent] == ["http.response.start", "http.response.body"]
    assert answer.sent[1]["more_body"] is False
    assert int(answer.headers["content-length"]) == len(answer.content)
    cookies = [value for name, value in answer.sent[0]["headers"] if name == b"Set-Cookie"]
    assert len(cookies) == 2 and cookies[0].startswith(b"first=1;")


async def test_a_mounted_application_reverses_below_its_mount(handler: OneHopHandler) -> None:
    seen = (await exchange(handler, "/echo/", root_path="/simmer")).json
    assert seen["path"] == "/simmer/echo/" and seen["path_info"] == "/echo/"
    assert seen["reversed"] == "/simmer/echo/"
    assert (await exchange(handler, "/echo/")).json["reversed"] == "/echo/"


async def test_start_view_and_finish_run_in_one_thread_before_the_answer_goes_out(handler: OneHopHandler) -> None:
    events: list[tuple[str, str]] = []

    def started(**kwargs: object) -> None:
        events.append(("started", threading.current_thread().name))

    def finished(**kwargs: object) -> None:
        events.append(("finished", threading.current_thread().name))

    signals.request_started.connect(started)
    signals.request_finished.connect(finished)
    try:
        answer = Exchange(handler, "/echo/")
        answer.reading.clear()
        await until(lambda: len(events) == 2)
        assert not answer.sent
        answer.reading.set()
        await answer.finish()
    finally:
        signals.request_started.disconnect(started)
        signals.request_finished.disconnect(finished)
    thread = answer.json["thread"]
    assert events == [("started", thread), ("finished", thread)]


async def test_an_async_view_runs_too(handler: OneHopHandler) -> None:
    assert (await exchange(handler, "/async-view/")).status == 200


async def test_head_has_the_headers_of_get_and_no_body(handler: OneHopHandler) -> None:
    answer = await exchange(handler, "/file/", method="HEAD")
    assert answer.status == 200 and answer.content == b""
    assert answer.headers["content-length"] == "256000"


async def test_a_request_leaves_nothing_on_its_thread(handler: OneHopHandler) -> None:
    seen: dict[str, int] = {}
    while max(seen.values(), default=0) < 3:
        answer = (await exchange(handler, "/trace/", root_path="/p" if not seen else "")).json
        seen[answer["thread"]] = seen.get(answer["thread"], 0) + 1
        assert answer["variable"] == "" and answer["urlconf"] == "tests.core.routes"
        assert answer["prefix"] == ("/p/" if sum(seen.values()) == 1 else "/")


async def test_context_of_the_application_around_reaches_the_view(handler: OneHopHandler) -> None:
    routes.left_behind.set("from outside")
    assert (await exchange(handler, "/trace/")).json["variable"] == "from outside"
    assert routes.left_behind.get() == "from outside"


@pytest.mark.parametrize("parts", [1, 70], ids=["one message", "many messages"])
async def test_a_body_larger_than_memory_arrives_whole(handler: OneHopHandler, parts: int) -> None:
    part = bytes(range(256)) * 256
    body = [part] * 70 if parts == 70 else [part * 70]
    answer = await exchange(handler, "/echo/", method="POST", body=body)
    assert answer.json["size"] == 70 * len(part) and answer.json["sum"] == 70 * sum(part)


async def test_a_length_over_the_limit_is_refused_before_the_body_is_read(
    handler: OneHopHandler, settings: Settings
) -> None:
    settings.FORM_BODY_MAX = 1000
    answer = await exchange(handler, "/trace/", method="POST", headers={"Content-Length": "1001"}, body=[])
    assert answer.status == 413 and answer.json["code"] == "too_large"
    assert answer.headers["content-type"] == "application/problem+json"


@pytest.mark.parametrize(
    ("content_type", "limit"),
    [
        ("application/json", "100000 bytes (97 kB)"),
        ("application/x-www-form-urlencoded; charset=utf-8", "1000 bytes"),
        ("Multipart/Form-Data; boundary=x", "1000 bytes"),
        ("text/plain", "1000 bytes"),
        ("", "1000 bytes"),
    ],
)
async def test_the_limit_is_of_the_content_type_and_is_named(
    handler: OneHopHandler, settings: Settings, content_type: str, limit: str
) -> None:
    settings.FORM_BODY_MAX, settings.JSON_BODY_MAX = 1000, 100_000
    headers = {"Content-Type": content_type, "Content-Length": "100001"}
    answer = await exchange(handler, "/trace/", method="POST", headers=headers, body=[])
    assert answer.status == 413 and limit in answer.json["detail"]
    assert content_type.partition(";")[0].lower() in answer.json["detail"]


@pytest.mark.parametrize("body", [[b"x" * 1001], [b"x" * 600, b"x" * 600]], ids=["one message", "two messages"])
async def test_a_body_over_the_limit_is_refused_without_its_length(
    handler: OneHopHandler, settings: Settings, body: list[bytes]
) -> None:
    settings.FORM_BODY_MAX = 1000
    answer = await exchange(handler, "/trace/", method="POST", body=body)
    assert answer.status == 413 and answer.json["code"] == "too_large"


async def test_no_route_but_of_uploads_takes_more_than_the_largest_body(
    handler: OneHopHandler, settings: Settings
) -> None:
    settings.REQUEST_BODY_MAX = 1000
    assert (await exchange(handler, "/trace/", method="POST", body=[b"x" * 1001])).status == 413
    assert (await exchange(handler, "/echo/", method="POST", body=[b"x" * 1001])).status == 200


async def test_a_refused_body_still_passes_the_middleware(handler: OneHopHandler, settings: Settings) -> None:
    settings.FORM_BODY_MAX = 10
    answer = await exchange(handler, "/trace/", method="POST", body=[b"x" * 11])
    assert answer.headers["x-content-type-options"] == "nosniff"


async def test_a_body_of_unsaid_length_is_parsed(handler: OneHopHandler) -> None:
    answer = await exchange(
        handler, "/api/refusing/x/", method="POST", headers={"Content-Type": "application/json"}, body=[b'{"a":', b"1}"]
    )
    assert answer.json["data"] == {"a": 1}


@pytest.mark.parametrize("parts", [0, 1], ids=["at once", "in the middle"])
async def test_a_client_that_leaves_while_sending_is_not_answered(handler: OneHopHandler, parts: int) -> None:
    going = Exchange(handler, "/wait/", method="POST", body=[b"x"] * 2)
    messages = [going.inbox.get_nowait() for _ in range(2)]
    for message in messages[:parts]:
        going.inbox.put_nowait(message)
    going.disconnect()
    await going.finish()
    assert not going.sent and not routes.notes


async def test_a_query_that_is_no_text_is_refused(handler: OneHopHandler) -> None:
    sent: list[dict[str, object]] = []

    async def receive() -> dict[str, object]:
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message: object) -> None:
        sent.append(message)  # type: ignore[arg-type]

    scope = {"type": "http", "method": "GET", "path": "/echo/", "query_string": b"\xff", "headers": []}
    await handler(scope, receive, send)  # type: ignore[arg-type]
    assert sent[0]["status"] == 400
