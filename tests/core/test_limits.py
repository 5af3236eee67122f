"""Limits are exact under concurrency, survive an absent Redis and believe no forged address."""

import re
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
import redis
from django.core.exceptions import ImproperlyConfigured
from django.test import Client
from pytest_django import Settings

from core import limits
from core.clients import client_address, limit_key
from core.limits import Failures, Limit, parse_rate, take
from tests.realtime.own_redis import OwnRedis, own_redis

__all__ = ["own_redis"]


@pytest.fixture(autouse=True)
def fresh(monkeypatch: pytest.MonkeyPatch, settings: Settings) -> None:
    """Limits on, and patience with a slow machine."""
    monkeypatch.setattr(limits, "REDIS_SECONDS", 5)
    limits._client.cache_clear()
    settings.THROTTLES = {
        "anon": "10/min",
        "user": "100/min",
        "auth": "20/min",
        "register": "20/min",
        "refresh": "60/min",
        "refresh_address": "600/min",
        "upload": "60/hour",
    }
    settings.ROOT_URLCONF = "tests.core.limited_routes"


@pytest.fixture
def no_redis(settings: Settings) -> None:
    settings.THROTTLE_REDIS_URL = "redis://127.0.0.1:1/0"
    limits._client.cache_clear()


def at_once(count: int, function: Any) -> list[Any]:
    """COUNT calls, released together."""
    barrier = threading.Barrier(count)

    def call() -> Any:
        barrier.wait()
        return function()

    with ThreadPoolExecutor(count) as threads:
        return [future.result() for future in [threads.submit(call) for _ in range(count)]]


@pytest.mark.parametrize("away", [False, True], ids=["redis", "no redis"])
def test_of_sixty_at_once_exactly_the_limit_passes(away: bool, request: pytest.FixtureRequest) -> None:
    if away:
        request.getfixturevalue("no_redis")
    standings = at_once(60, lambda: take([("key", Limit(10, 60))])[0])
    assert sum(standing.free for standing in standings) == 10


@pytest.mark.parametrize("away", [False, True], ids=["redis", "no redis"])
def test_what_is_left_counts_down_and_a_refusal_counts_nothing(away: bool, request: pytest.FixtureRequest) -> None:
    if away:
        request.getfixturevalue("no_redis")
    seen = [take([("key", Limit(3, 60))])[0] for _ in range(5)]
    assert [standing.free for standing in seen] == [True, True, True, False, False]
    assert [standing.remaining for standing in seen] == [2, 1, 0, 0, 0]
    assert all(0 < standing.reset <= 60 for standing in seen)


@pytest.mark.parametrize("away", [False, True], ids=["redis", "no redis"])
def test_a_request_past_one_limit_counts_on_none(away: bool, request: pytest.FixtureRequest) -> None:
    if away:
        request.getfixturevalue("no_redis")
    narrow, wide = ("narrow", Limit(1, 60)), ("wide", Limit(10, 60))
    assert [standing.free for standing in take([narrow, wide])] == [True, True]
    for _ in range(5):
        assert [standing.free for standing in take([narrow, wide])] == [False, True]
    assert take([wide])[0].remaining == 8


def test_places_come_free_when_the_window_has_passed(settings: Settings) -> None:
    limit = Limit(2, 60)
    assert [take([("key", limit)])[0].free for _ in range(3)] == [True, True, False]
    client = redis.Redis.from_url(settings.THROTTLE_REDIS_URL)
    # As if the older one had come a minute earlier.
    older = int(client.lindex("limit:key", -1)) - 60_000_000  # type: ignore[arg-type]
    client.lset("limit:key", -1, str(older))
    limits._local._times["key"][0] -= 60
    standing = take([("key", limit)])[0]
    assert standing.free and standing.remaining == 0
    assert not take([("key", limit)])[0].free
    client.close()


def test_local_places_come_free_too(no_redis: None, monkeypatch: pytest.MonkeyPatch) -> None:
    now = 1000.0
    monkeypatch.setattr(limits.time, "monotonic", lambda: now)
    limit = Limit(1, 60)
    assert [take([("key", limit)])[0].free for _ in range(2)] == [True, False]
    now += 60
    assert take([("key", limit)])[0].free


def test_redis_is_asked_again_after_a_pause(
    no_redis: None, settings: Settings, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    for _ in range(3):
        take([("key", Limit(10, 60))])
    assert caplog.text.count("limits_local") == 1
    settings.THROTTLE_REDIS_URL = settings.REDIS_URL
    limits._client.cache_clear()
    assert take([("other", Limit(10, 60))])[0].remaining == 9
    assert limits.are_local()
    monkeypatch.setattr(limits, "_local_until", 0.0)
    assert take([("key", Limit(10, 60))])[0].remaining == 9
    assert not limits.are_local() and caplog.text.count("limits_local") == 1


def test_a_redis_that_comes_and_goes_gives_nobody_more(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    working, passed = settings.THROTTLE_REDIS_URL, 0
    for turn in range(8):
        settings.THROTTLE_REDIS_URL = "redis://127.0.0.1:1/0" if turn % 2 else working
        limits._client.cache_clear()
        monkeypatch.setattr(limits, "_local_until", 0.0)
        passed += sum(take([("key", Limit(10, 60))])[0].free for _ in range(4))
    assert passed == 10


def test_of_sixty_at_once_no_more_than_the_limit_pass_while_redis_falters(
    settings: Settings, own_redis: OwnRedis
) -> None:
    """It freezes under some of them."""
    own_redis.start()
    settings.THROTTLE_REDIS_URL = own_redis.url
    limits._client.cache_clear()
    limit = Limit(10, 60)
    assert take([("key", limit)])[0].free
    freeze = threading.Timer(0.005, own_redis.freeze)
    freeze.start()
    standings = at_once(60, lambda: [take([("key", limit)])[0] for _ in range(5)])
    freeze.join()
    assert sum(standing.free for some in standings for standing in some) == 9


def test_what_redis_refuses_is_not_remembered_here(settings: Settings) -> None:
    """It was another process that took the places."""
    limit = Limit(2, 60)
    with redis.Redis.from_url(settings.THROTTLE_REDIS_URL) as client:
        now = int(client.time()[0]) * 1_000_000  # type: ignore[index]
        client.lpush("limit:key", now, now)
        assert [take([("key", limit)])[0].free for _ in range(5)] == [False] * 5
        client.delete("limit:key")
    assert [take([("key", limit)])[0].free for _ in range(3)] == [True, True, False]


def test_the_script_is_sent_again_to_a_redis_that_forgot_it(settings: Settings) -> None:
    take([("key", Limit(10, 60))])
    with redis.Redis.from_url(settings.THROTTLE_REDIS_URL) as client:
        client.script_flush()
    assert take([("key", Limit(10, 60))])[0].remaining == 8


def test_local_memory_is_bounded(no_redis: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "LOCAL_KEYS", 3)
    for key in "abcde":
        take([(key, Limit(1, 60))])
    assert list(limits._local._times) == ["c", "d", "e"]


@pytest.mark.parametrize(
    ("rate", "limit"),
    [
        ("10/min", Limit(10, 60)),
        ("1/s", Limit(1, 1)),
        ("60/hour", Limit(60, 3600)),
        ("5/day", Limit(5, 86_400)),
        ("off", None),
    ],
)
def test_rates_are_written_as_people_do(rate: str, limit: Limit | None) -> None:
    assert parse_rate(rate) == limit


@pytest.mark.parametrize("rate", ["", "10", "0/min", "-1/min", "10/fortnight", "ten/min", "10/min/s"])
def test_a_mistyped_rate_stops_the_start(rate: str) -> None:
    with pytest.raises(ImproperlyConfigured, match="10/min"):
        parse_rate(rate)


# --- failed sign-ins ---


def test_tries_from_one_address_are_limited_and_forgotten_on_success() -> None:
    failures = Failures(at_address=Limit(3, 60), anywhere=Limit(100, 60))
    who = {"account": "Ann@Example.org", "address": "192.0.2.1"}
    assert [failures.hit(**who) for _ in range(3)] == [0, 0, 0]
    assert 0 < failures.hit(account="ann@example.org ", address="192.0.2.1") <= 60
    assert failures.hit(account="ann@example.org", address="192.0.2.2") == 0
    failures.clear(**who)
    assert failures.hit(**who) == 0


def test_tries_on_one_account_from_everywhere_are_limited() -> None:
    failures = Failures(at_address=Limit(3, 60), anywhere=Limit(5, 60))
    waits = [failures.hit(account="ann", address=f"192.0.2.{n}") for n in range(7)]
    assert [wait == 0 for wait in waits] == [True] * 5 + [False] * 2
    assert failures.hit(account="bob", address="192.0.2.1") == 0


def test_no_account_is_readable_in_redis(settings: Settings) -> None:
    Failures(at_address=Limit(3, 60), anywhere=Limit(5, 60)).hit(account="ann@example.org", address="192.0.2.1")
    with redis.Redis.from_url(settings.THROTTLE_REDIS_URL) as client:
        assert not any(b"ann" in key for key in client.scan_iter())


def test_a_success_without_redis_is_forgiven_locally(no_redis: None) -> None:
    failures = Failures(at_address=Limit(1, 60), anywhere=Limit(5, 60))
    assert failures.hit(account="ann", address="192.0.2.1") == 0
    failures.clear(account="ann", address="192.0.2.1")
    assert failures.hit(account="ann", address="192.0.2.1") == 0


# --- requests ---


def test_a_limited_answer_says_what_is_left(client: Client) -> None:
    answer = client.get("/open/")
    assert answer.status_code == 200
    assert answer["RateLimit-Policy"] == '"anon";q=10;w=60'
    assert re.fullmatch(r'"anon";r=9;t=(60|59)', answer["RateLimit"])


def test_past_the_limit_is_a_429_that_says_when(client: Client) -> None:
    for _ in range(10):
        assert client.get("/open/").status_code == 200
    answer = client.get("/open/")
    assert answer.status_code == 429 and answer.json()["code"] == "throttled"
    assert answer["Content-Type"] == "application/problem+json"
    assert 0 < int(answer["Retry-After"]) <= 60
    assert re.fullmatch(r'"anon";r=0;t=\d+', answer["RateLimit"])


def test_no_forged_header_passes_the_limit(client: Client) -> None:
    answers = [client.get("/open/", headers={"X-Forwarded-For": f"198.51.100.{n}"}) for n in range(60)]
    assert [answer.status_code for answer in answers].count(200) == 10


def test_behind_a_trusted_proxy_each_client_has_its_own_limit(client: Client, settings: Settings) -> None:
    settings.TRUSTED_PROXIES = ["127.0.0.0/8", "10.0.0.1"]
    for n in (1, 2):
        forged = {"X-Forwarded-For": f"203.0.113.{n}, 198.51.100.{n}, 10.0.0.1"}
        assert client.get("/open/", headers=forged)["RateLimit"].startswith('"anon";r=9')


def test_a_forged_left_part_passes_no_limit_behind_a_proxy(client: Client, settings: Settings) -> None:
    settings.TRUSTED_PROXIES = ["127.0.0.1"]
    answers = [client.get("/open/", headers={"X-Forwarded-For": f"203.0.113.{n}, 198.51.100.7"}) for n in range(60)]
    assert [answer.status_code for answer in answers].count(200) == 10


def test_a_refusal_by_permission_counts_too(client: Client) -> None:
    assert client.get("/closed/").status_code == 403
    for _ in range(9):
        client.get("/closed/")
    assert client.get("/closed/").status_code == 429
    assert client.get("/open/").status_code == 429


def test_a_scope_replaces_the_general_limit_for_writes(client: Client, settings: Settings) -> None:
    settings.THROTTLES = {**settings.THROTTLES, "anon": "3/min", "auth": "2/min"}
    assert client.get("/scoped/")["RateLimit-Policy"] == '"anon";q=3;w=60'
    answers = [client.post("/scoped/") for _ in range(3)]
    assert [answer.status_code for answer in answers] == [200, 200, 429]
    assert {answer["RateLimit-Policy"] for answer in answers} == {'"auth";q=2;w=60'}
    assert [client.get("/scoped/").status_code for _ in range(3)] == [200, 200, 429]


@pytest.mark.parametrize(("method", "name"), [("GET", "user"), ("POST", "upload")])
def test_a_person_has_one_limit_wherever_they_are(client: Client, settings: Settings, method: str, name: str) -> None:
    settings.THROTTLES = {**settings.THROTTLES, name: "2/min"}
    answers = [client.generic(method, "/person/", REMOTE_ADDR=f"192.0.2.{n}") for n in range(3)]
    assert [answer.status_code for answer in answers] == [200, 200, 429]
    assert {answer["RateLimit-Policy"] for answer in answers} == {f'"{name}";q=2;w=60'}
    assert client.get("/open/").status_code == 200


def test_limits_switched_off_say_nothing(client: Client, settings: Settings) -> None:
    settings.THROTTLES = dict.fromkeys(settings.THROTTLES, "off")
    answers = [client.get("/open/") for _ in range(15)]
    assert all(answer.status_code == 200 and "RateLimit" not in answer for answer in answers)


# --- addresses ---


@pytest.mark.parametrize(
    ("peer", "forwarded", "address"),
    [
        ("192.0.2.1", None, "192.0.2.1"),
        ("192.0.2.1", "198.51.100.1", "192.0.2.1"),
        ("10.0.0.1", None, "10.0.0.1"),
        ("10.0.0.1", "198.51.100.1", "198.51.100.1"),
        ("10.0.0.1", "203.0.113.9, 198.51.100.1", "198.51.100.1"),
        ("10.0.0.1", "198.51.100.1, 10.0.0.2", "198.51.100.1"),
        ("10.0.0.1", "10.0.0.3, 10.0.0.2", "10.0.0.3"),
        ("10.0.0.1", "198.51.100.1:4711", "198.51.100.1"),
        ("10.0.0.1", "[2001:db8::1]:443", "2001:db8::1"),
        ("10.0.0.1", "::ffff:198.51.100.1", "198.51.100.1"),
        ("::ffff:10.0.0.1", "198.51.100.1", "198.51.100.1"),
        ("10.0.0.1", "unknown", "10.0.0.1"),
        ("10.0.0.1", "198.51.100.1, <script>", "10.0.0.1"),
        ("", "198.51.100.1", "198.51.100.1"),
        ("", None, ""),
    ],
)
def test_the_address_is_the_nearest_that_is_not_a_proxys(
    settings: Settings, peer: str, forwarded: str | None, address: str
) -> None:
    settings.TRUSTED_PROXIES = ["10.0.0.0/8"]
    headers = [(b"x-forwarded-for", forwarded.encode())] if forwarded else []
    assert client_address({"client": [peer, 1] if peer else None, "headers": headers}) == address


def test_a_mistyped_proxy_is_named(settings: Settings) -> None:
    settings.TRUSTED_PROXIES = ["nginx"]
    with pytest.raises(ImproperlyConfigured, match=r"TRUSTED_PROXIES.*nginx"):
        client_address({"client": ["192.0.2.1", 1], "headers": [(b"x-forwarded-for", b"1.2.3.4")]})


def test_one_subscriber_of_ipv6_has_one_limit() -> None:
    assert limit_key("2001:db8:1:2:3:4:5:6") == limit_key("2001:db8:1:2::1") == "2001:db8:1:2::/64"
    assert limit_key("192.0.2.1") == "192.0.2.1"
