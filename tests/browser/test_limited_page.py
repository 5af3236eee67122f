"""The page on a server with the limits of a new installation: it is never empty, and never in the way of signing in."""

import itertools
import re
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import httpx
import pytest
from playwright.async_api import expect

from core import settings as defaults
from tests.browser.conftest import OpenWindow, Person, Window

pytestmark = pytest.mark.asyncio(loop_scope="session")
LIMITS = {f"THROTTLE_{name.upper()}": rate for name, rate in defaults.THROTTLES.items()}
REFUSED = ("status of 429",)
COUNTDOWN = re.compile(r"^Too many requests\. Retrying in \d+ seconds?\.$")
_addresses = (f"198.51.100.{number}" for number in itertools.count(1))


@pytest.fixture
def limited(second_server: Callable[..., str], open_window: OpenWindow) -> Callable[..., Any]:
    """`await limited()`: a window on a server with default limits, at an address that nobody else has."""

    async def opened(*, address: str = "", **settings: str) -> Window:
        url = second_server(**{**LIMITS, "TRUSTED_PROXIES": "127.0.0.1", **settings})
        headers = {"X-Forwarded-For": address or next(_addresses)}
        return await open_window(url=url, tolerated=REFUSED, extra_http_headers=headers)

    return opened


async def left(window: Window) -> int:
    """How many anonymous reads its address has left after this one."""
    header = await window.page.evaluate("fetch('/api/users/').then((answer) => answer.headers.get('RateLimit'))")
    found = re.match(r'"anon";r=(\d+)', header)
    assert found is not None, header
    return int(found[1])


async def test_a_load_reads_the_list_once(limited: Callable[..., Any], person: Callable[..., Person]) -> None:
    person("Rosa", role="seller").publish("Tacos")
    window = await limited()
    for _ in range(2):
        await window.page.wait_for_load_state("networkidle")
        await window.page.reload()
        await window.is_in_state("Live")
    await window.page.wait_for_load_state("networkidle")
    assert await left(window) == 10 - 3 - 1


def use_up(url: str, address: str) -> None:
    """Read from that address until it is refused."""
    with httpx.Client(base_url=url, headers={"X-Forwarded-For": address}, timeout=30) as client:
        while client.get("/api/users/").status_code != 429:
            pass


async def test_every_load_shows_the_recipes_and_who_reads_too_much_still_signs_in(
    limited: Callable[..., Any], person: Callable[..., Person]
) -> None:
    rosa, ana = person("Rosa", role="seller"), person("Ana")
    recipe_id = rosa.publish("Tacos")
    address = next(_addresses)
    window = await limited(address=address)
    waiting = window.page.locator("#waiting")
    use_up(window.page.url, address)
    await window.page.reload()
    await expect(waiting).to_have_text(COUNTDOWN)
    for _ in range(6):
        await window.page.reload()
        await expect(window.card(recipe_id)).to_be_visible()
        await window.is_in_state("Live")
    # They are live all the same.
    ana.rate(recipe_id, 4)
    await window.sees(recipe_id, average="4.00", count="1 rating")

    await window.signed_in(ana)
    # With limits of their own, signed-in users are read for again.
    await expect(waiting).to_be_hidden()
    await expect(window.card(recipe_id).get_by_role("radio", name="4 stars")).to_be_checked()


@contextmanager
def used_up(url: str, address: str) -> Iterator[None]:
    """Somebody else at that address reads all the time."""
    done = threading.Event()

    def read() -> None:
        with httpx.Client(base_url=url, headers={"X-Forwarded-For": address}, timeout=30) as client:
            while not done.is_set():
                client.get("/api/users/")

    reader = threading.Thread(target=read)
    reader.start()
    try:
        yield
    finally:
        done.set()
        reader.join()


async def test_what_was_refused_is_read_by_itself_when_its_time_has_come(
    limited: Callable[..., Any], person: Callable[..., Person]
) -> None:
    recipe_id = person("Rosa", role="seller").publish("Tacos")
    address = next(_addresses)
    window = await limited(address=address, THROTTLE_ANON="1/s")
    waiting = window.page.locator("#waiting")
    with used_up(window.page.url, address):
        for _ in range(50):
            await window.page.reload()
            await window.page.wait_for_load_state("networkidle")
            if await waiting.is_visible():
                break
        await expect(window.card(recipe_id)).to_be_visible()
        await window.page.evaluate("window.sameDocument = true")
    await expect(waiting).to_be_hidden()
    assert await window.page.evaluate("window.sameDocument")


@pytest.mark.parametrize("how", ["mute", "block"])
async def test_what_came_along_with_the_page_is_not_shown_to_who_hides_its_seller(
    limited: Callable[..., Any], person: Callable[..., Person], how: str
) -> None:
    rosa, carl, ana = person("Rosa", role="seller"), person("Carl", role="seller"), person("Ana")
    hidden, shown = rosa.publish("Tacos"), carl.publish("Burritos")
    window = await limited()
    await expect(window.card(hidden)).to_be_visible()
    ana.client.put(f"/api/users/{rosa.username}/{how}/").raise_for_status()
    await window.signed_in(ana)
    await expect(window.card(hidden)).to_have_count(0)
    seen = """new MutationObserver(() => {
      const card = document.querySelector('.card[data-recipe="%d"]');
      if (card && getComputedStyle(card).visibility === "visible") window.wasSeen = true;
    }).observe(document, { subtree: true, childList: true, attributes: true })"""
    await window.page.add_init_script(seen % hidden)

    await window.page.reload()

    await expect(window.card(shown)).to_be_visible()
    await expect(window.card(hidden)).to_have_count(0)
    assert not await window.page.evaluate("window.wasSeen")
