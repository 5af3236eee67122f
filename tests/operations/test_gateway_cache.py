"""The gateway keeps what anonymous people read for a second: for them alone, and only what web says is everybody's."""

import asyncio
import secrets
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from tests.live.people import Person
from tests.live.servers import Server, second_server
from tests.operations.gateway import Gateway, running_gateway
from tests.stack import Stack, wait_until


@pytest.fixture(scope="module")
def web(session_stack: Stack) -> Iterator[Server]:
    session_stack.ensure_running()
    with second_server(
        session_stack,
        TRUSTED_PROXIES="127.0.0.1",
        THROTTLE_ANON="1000/min",
        CORS_ALLOWED_ORIGINS="https://a.example,https://b.example",
        ALLOWED_HOSTS="127.0.0.1,localhost",
    ) as server:
        yield server


@pytest.fixture(scope="module")
def gateway(nginx: str, web: Server, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Gateway]:
    with running_gateway(nginx, tmp_path_factory.mktemp("gateway"), web.url) as running:
        yield running


def address() -> str:
    """A list that nobody has asked for yet."""
    return f"/api/recipes/?tag={secrets.token_hex(4)}"


def get(gateway: Gateway, path: str, **headers: str) -> httpx.Response:
    return httpx.get(f"{gateway.url}{path}", headers={name.replace("_", "-"): value for name, value in headers.items()})


def ask_until(gateway: Gateway, path: str, status: str, **headers: str) -> httpx.Response:
    """Asks until the gateway says that STATUS; on a busy machine a second may pass between two requests."""
    found: list[httpx.Response] = []

    def asked() -> bool:
        found.append(get(gateway, path, **headers))
        return str(found[-1].headers["cache-status"]) == f"gateway; {status}"

    wait_until(asked, what=status)
    return found[-1]


def test_a_second_read_is_answered_by_the_gateway(gateway: Gateway) -> None:
    path = address()
    first = get(gateway, path)
    assert first.status_code == 200 and first.headers["cache-status"] == "gateway; fwd=uri-miss"
    again = ask_until(gateway, path, "hit")
    assert again.content == first.content
    for name in ("etag", "stream-position", "vary", "cache-control"):
        assert again.headers[name] == first.headers[name]
    assert first.headers["cache-control"] == "private, no-cache"
    for answer in (first, again):
        assert "x-accel-expires" not in answer.headers


def test_a_limit_is_told_to_the_one_whose_it_is(gateway: Gateway, web: Server) -> None:
    path = address()
    assert get(gateway, path).headers["ratelimit"].startswith('"anon";r=')
    kept = ask_until(gateway, path, "hit")
    assert "ratelimit" not in kept.headers and "ratelimit-policy" not in kept.headers
    # Each answer has an id of its own; web knows the ids of those that it was asked for, and counts no others.
    answers = [get(gateway, path) for _ in range(20)]
    last = get(gateway, address())
    wait_until(lambda: f"request={last.headers['x-request-id']}" in web.log, what="the last request's line")
    for answer in answers:
        was_asked = f"request={answer.headers['x-request-id']}" in web.log
        assert was_asked == (answer.headers["cache-status"] != "gateway; hit")


@pytest.mark.parametrize("shown", [{"Authorization": "Bearer {}"}, {"Cookie": "theme=dark"}], ids=["token", "cookie"])
def test_whoever_is_known_is_answered_by_web(
    gateway: Gateway, web: Server, stack: Stack, shown: dict[str, str]
) -> None:
    headers = {name: value.format(Person(stack).access) for name, value in shown.items()}
    path = address()
    ask_until(gateway, path, "hit")
    for _ in range(5):
        assert get(gateway, path, **headers).headers["cache-status"] == "gateway; fwd=bypass"


def test_what_a_known_person_reads_is_given_to_nobody(gateway: Gateway, stack: Stack) -> None:
    path = address()
    for _ in range(3):
        get(gateway, path, Authorization=f"Bearer {Person(stack).access}")
    assert get(gateway, path).headers["cache-status"] == "gateway; fwd=uri-miss"


@pytest.mark.parametrize(
    "other",
    [
        {"Accept": "application/json;q=0.5"},
        {"Origin": "https://b.example"},
        {"Host": "localhost"},
    ],
    ids=lambda other: next(iter(other)),
)
def test_answers_that_may_differ_are_kept_apart(gateway: Gateway, other: dict[str, str]) -> None:
    path = address()
    usual = {"Accept": "application/json", "Origin": "https://a.example", "Host": "127.0.0.1"}
    kept = ask_until(gateway, path, "hit", **usual)
    assert kept.headers["access-control-allow-origin"] == "https://a.example"
    different = get(gateway, path, **usual | other)
    assert different.headers["cache-status"] == "gateway; fwd=uri-miss"
    if "Origin" in other:
        assert different.headers["access-control-allow-origin"] == "https://b.example"


def test_a_page_is_not_another_page(gateway: Gateway) -> None:
    path = address()
    ask_until(gateway, path, "hit")
    assert get(gateway, f"{path}&limit=3").headers["cache-status"] == "gateway; fwd=uri-miss"


@pytest.mark.parametrize("path", ["/api/me/", "/api/recipes/999999999/", "/api/recipes/?limit=0", "/api/nothing/"])
def test_a_refusal_is_not_kept(gateway: Gateway, path: str) -> None:
    for _ in range(3):
        answer = get(gateway, path)
        assert answer.status_code >= 400 and answer.headers["cache-status"] in (
            "gateway; fwd=uri-miss",
            "gateway; fwd=stale",
        )


def test_an_unchanged_answer_out_of_the_cache_is_a_304(gateway: Gateway) -> None:
    path = address()
    tag = get(gateway, path).headers["etag"]
    unchanged = ask_until(gateway, path, "hit", If_None_Match=tag)
    assert unchanged.status_code == 304 and unchanged.content == b""
    assert unchanged.headers["etag"] == tag


def test_what_has_changed_is_seen(gateway: Gateway, stack: Stack) -> None:
    seller, tag = Person(stack, role="seller"), secrets.token_hex(4)
    path = f"/api/recipes/?tag={tag}"
    assert get(gateway, path).json()["results"] == []
    recipe = seller.publish(tags=[tag])
    wait_until(lambda: [it["id"] for it in get(gateway, path).json()["results"]] == [recipe], what="the new recipe")


def test_of_many_that_ask_at_once_few_reach_web(gateway: Gateway, web: Server) -> None:
    tag = secrets.token_hex(4)

    async def ask() -> list[httpx.Response]:
        async with httpx.AsyncClient(timeout=60, limits=httpx.Limits(max_connections=None)) as client:
            url = f"{gateway.url}/api/recipes/?tag={tag}"
            return await asyncio.gather(*(client.get(url) for _ in range(60)))

    answers: list[Any] = asyncio.run(ask())
    assert {answer.status_code for answer in answers} == {200}
    assert len({answer.content for answer in answers}) == 1
    # One, and one more for each second that this has taken.
    assert sum(answer.headers["cache-status"] != "gateway; hit" for answer in answers) <= 6


def test_what_is_kept_is_sent_as_small_as_each_client_likes(gateway: Gateway, stack: Stack) -> None:
    seller, tag = Person(stack, role="seller"), secrets.token_hex(4)
    for _ in range(3):
        seller.publish(tags=[tag])
    path = f"/api/recipes/?tag={tag}"
    plain = ask_until(gateway, path, "hit", Accept_Encoding="identity")
    small = ask_until(gateway, path, "hit", Accept_Encoding="gzip")
    assert "content-encoding" not in plain.headers and small.headers["content-encoding"] == "gzip"
    assert small.json()["results"] == plain.json()["results"]
    assert "Accept-Encoding" in small.headers["vary"]
