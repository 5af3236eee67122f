"""Limits as clients meet them: over HTTP, on several servers at once."""

import asyncio

import httpx

from tests.live.people import Person
from tests.live.servers import Server
from tests.stack import Stack


async def at_once(urls: list[str], count: int, **headers: str) -> list[httpx.Response]:
    """COUNT requests for recipes, shared out among the servers."""
    async with httpx.AsyncClient(timeout=60, limits=httpx.Limits(max_connections=None), headers=headers) as client:
        requests = [client.get(f"{urls[number % len(urls)]}/api/recipes/?limit=1") for number in range(count)]
        return await asyncio.gather(*requests)


def test_of_sixty_requests_at_once_on_two_servers_exactly_the_limit_is_served(stack: Stack) -> None:
    person = Person(stack)
    limited = {"THROTTLE_ANON": "10/min", "THROTTLE_USER": "20/min", "TRUSTED_PROXIES": ""}
    servers = [Server(stack, **limited) for _ in range(2)]
    try:
        for server in servers:
            server.start()
        urls = [server.url for server in servers]
        anonymous = asyncio.run(at_once(urls, 60))
        signed_in = asyncio.run(at_once(urls, 60, Authorization=f"Bearer {person.access}"))
    finally:
        for server in servers:
            if server.process is not None:
                server.stop()
    for answers, name, limit in ((anonymous, "anon", 10), (signed_in, "user", 20)):
        served = [answer for answer in answers if answer.status_code == 200]
        refused = [answer for answer in answers if answer.status_code == 429]
        assert (len(served), len(refused)) == (limit, 60 - limit)
        assert {answer.headers["RateLimit-Policy"] for answer in answers} == {f'"{name}";q={limit};w=60'}
        left = sorted(int(answer.headers["RateLimit"].partition("r=")[2].partition(";")[0]) for answer in served)
        assert left == list(range(limit))
        assert all(0 < int(answer.headers["Retry-After"]) <= 60 for answer in refused)
