"""Limits as clients meet them: over HTTP, on several servers at once."""

import asyncio
from collections.abc import Iterator

import httpx
import pytest

from tests.live.people import Person
from tests.live.servers import Server
from tests.stack import Stack

LIMITS = {"anon": 10, "user": 20}


@pytest.fixture
def servers(stack: Stack) -> Iterator[list[Server]]:
    """Two with limits, who believe what we say about the client's address."""
    limited = {"THROTTLE_ANON": "10/min", "THROTTLE_USER": "20/min", "TRUSTED_PROXIES": "127.0.0.1"}
    servers = [Server(stack, **limited) for _ in range(2)]
    try:
        for server in servers:
            server.start()
        yield servers
    finally:
        for server in servers:
            if server.process is not None:
                server.stop()


async def at_once(servers: list[Server], count: int, headers: dict[str, str]) -> list[httpx.Response]:
    """COUNT requests for recipes, shared out among the servers."""
    async with httpx.AsyncClient(timeout=60, limits=httpx.Limits(max_connections=None), headers=headers) as client:
        urls = [f"{servers[number % len(servers)].url}/api/recipes/?limit=1" for number in range(count)]
        return await asyncio.gather(*map(client.get, urls))


@pytest.mark.parametrize("name", LIMITS)
def test_of_sixty_requests_at_once_on_two_servers_exactly_the_limit_is_served(
    stack: Stack, servers: list[Server], name: str
) -> None:
    limit = LIMITS[name]
    for attempt in range(1, 20):
        headers = {"X-Forwarded-For": f"198.51.100.{attempt}"}
        if name == "user":
            headers["Authorization"] = f"Bearer {Person(stack).access}"
        without_redis = [server.log.count("limits_local") for server in servers]
        answers = asyncio.run(at_once(servers, 60, headers))
        # On a machine this busy Redis took more than 50 ms: each server then counts for itself.
        if [server.log.count("limits_local") for server in servers] == without_redis:
            break
    served = [answer for answer in answers if answer.status_code == 200]
    refused = [answer for answer in answers if answer.status_code == 429]
    assert (len(served), len(refused)) == (limit, 60 - limit)
    assert {answer.headers["RateLimit-Policy"] for answer in answers} == {f'"{name}";q={limit};w=60'}
    left = sorted(int(answer.headers["RateLimit"].partition("r=")[2].partition(";")[0]) for answer in served)
    assert left == list(range(limit))
    assert all(0 < int(answer.headers["Retry-After"]) <= 60 for answer in refused)
