"""Headless Chromium against the real stack, people and recipes to look at, and windows that must not complain."""

import os
import shutil
import signal
import subprocess
import sys
import uuid
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest
import pytest_asyncio
from PIL import Image
from playwright.async_api import Browser, BrowserContext, Page, async_playwright, expect

from core.processes import bound, free_port, stop
from tests import services
from tests.browser.pages import bring_packages, served_examples
from tests.stack import Stack, wait_until

ARGUMENTS = [
    *("--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"),
    *("--disable-background-networking", "--disable-component-update", "--disable-sync"),
]
PASSWORD = "correct horse battery"
# On a busy machine the browser is the slowest of all.
expect.set_options(timeout=30_000)


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def browser() -> AsyncIterator[Browser]:
    """One Chromium for all tests: starting it takes longest."""
    async with async_playwright() as playwright:
        names = (os.environ.get("CHROMIUM", ""), "chromium", "chromium-browser", "google-chrome")
        program = next(filter(None, map(shutil.which, (*names, playwright.chromium.executable_path))), None)
        if program is None:
            pytest.skip(
                "No Chromium is here: `apt install chromium`, or `.venv/bin/playwright install chromium`, "
                "or say where it is: CHROMIUM=/path/to/chromium"
            )
        browser = await playwright.chromium.launch(executable_path=program, args=ARGUMENTS)
        yield browser
        await browser.close()


@dataclass
class Person:
    """Somebody on the stack, acting over REST as any client would."""

    client: httpx.Client
    id: int
    username: str
    name: str

    def publish(self, name: str, **fields: Any) -> int:
        answer = self.client.post("/api/recipes/", json={"name": name, "description": "Hot.", **fields})
        assert answer.status_code == 201, answer.text
        return int(answer.json()["id"])

    def change(self, recipe_id: int, **fields: Any) -> None:
        answer = self.client.patch(f"/api/recipes/{recipe_id}/", json=fields)
        assert answer.is_success, answer.text

    def recipe_names(self) -> list[str]:
        """What this seller has published, newest first."""
        answer = self.client.get(f"/api/users/{self.username}/recipes/")
        return [recipe["name"] for recipe in answer.json()["results"]]

    def rate(self, recipe_id: int, score: int) -> None:
        answer = self.client.post(f"/api/recipes/{recipe_id}/rate/", json={"score": score})
        assert answer.is_success, answer.text

    def end_session(self, refresh: str) -> None:
        assert self.client.post("/api/auth/logout/", json={"refresh": refresh}).status_code == 204

    def delete(self, recipe_id: int) -> None:
        assert self.client.delete(f"/api/recipes/{recipe_id}/").status_code == 204


@pytest.fixture
def person(stack: Stack) -> Iterator[Callable[..., Person]]:
    """`person("Ann", role="seller")`: a new one, whose password is PASSWORD."""
    clients = []

    def register(name: str, *, role: str = "customer") -> Person:
        client = httpx.Client(base_url=stack.url, timeout=30)
        clients.append(client)
        username = f"{name.lower()}-{uuid.uuid4().hex[:8]}"
        fields = {"username": username, "email": f"{username}@example.org", "password": PASSWORD, "role": role}
        answer = client.post("/api/auth/register/", json={**fields, "display_name": name})
        assert answer.status_code == 201, answer.text
        reply = answer.json()
        client.headers["Authorization"] = f"Bearer {reply['access']}"
        return Person(client, reply["user"]["id"], username, name)

    yield register
    for client in clients:
        client.close()


class Window:
    """One browser window on the live page, with storage of its own."""

    def __init__(self, page: Page) -> None:
        self.page = page

    def card(self, recipe_id: int) -> Any:
        return self.page.locator(f'.card[data-recipe="{recipe_id}"]')

    async def sees(self, recipe_id: int, *, average: str, count: str) -> None:
        """Wait until the card shows these."""
        card = self.card(recipe_id)
        await expect(card.locator(".average")).to_have_text(average)
        await expect(card.locator(".count")).to_have_text(count)

    async def is_in_state(self, state: str) -> None:
        await expect(self.page.locator("#state")).to_have_text(state)

    async def sign_in(self, person: Person, *, password: str = PASSWORD) -> None:
        """Fill in and send the form; whether it succeeds is the caller's to look at."""
        if not await self.page.locator("dialog#sign-in").is_visible():
            await self.page.locator("#open-sign-in").click()
        await self.page.get_by_label("Username or e-mail").fill(person.username)
        await self.page.get_by_label("Password").fill(password)
        await self.page.locator("#sign-in button[type=submit]").click()

    async def signed_in(self, person: Person) -> None:
        """`sign_in`, and wait until the page and the socket are that person's."""
        await self.sign_in(person)
        await expect(self.page.locator("#sign-out")).to_be_visible()
        await self.is_in_state("Live")

    async def news(self) -> list[str]:
        """What "Just now" says, oldest first."""
        lines = await self.page.locator("#news li p").all_inner_texts()
        return lines[::-1]


OpenWindow = Callable[..., Awaitable[Window]]


@pytest_asyncio.fixture(loop_scope="session")
async def open_window(browser: Browser, stack: Stack) -> AsyncIterator[OpenWindow]:
    """`await open_window(width=390)`: the live page, loaded and live.

    Afterwards no window may have an error in its console (a violation of the Content-Security-Policy is one), but for
    those that contain a text of `tolerated`.
    """
    contexts, complaints = [], []

    async def open_one(
        *, url: str = "", width: int = 1280, height: int = 900, tolerated: tuple[str, ...] = (), **options: Any
    ) -> Window:
        context = await browser.new_context(viewport={"width": width, "height": height}, **options)
        contexts.append(context)
        page = await context.new_page()
        page.set_default_timeout(30_000)

        def complain(text: str) -> None:
            if not any(each in text for each in tolerated):
                complaints.append(text)

        page.on("console", lambda message: message.type == "error" and complain(message.text))
        page.on("pageerror", lambda error: complain(str(error)))
        await page.goto(url or stack.url)
        window = Window(page)
        await window.is_in_state("Live")
        await expect(page.locator("#recipes")).not_to_have_attribute("aria-busy", "true")
        return window

    yield open_one
    for context in contexts:
        await context.close()
    assert not complaints


@pytest.fixture
def origin() -> Iterator[str]:
    """Where the pages of `examples/` are served: another origin than Simmer's."""
    with served_examples() as url:
        yield url


@pytest_asyncio.fixture(loop_scope="session")
async def context(browser: Browser) -> AsyncIterator[BrowserContext]:
    """A browser of its own for these pages: what they remember, all pages of it do."""
    context = await browser.new_context()
    context.set_default_timeout(60_000)
    await bring_packages(context)
    yield context
    await context.close()


@pytest.fixture
def second_server(stack: Stack) -> Iterator[Callable[..., str]]:
    """`second_server(THROTTLE_ANON="2/min")`: the URL of another web server on the stack's data, with other settings.

    Ask for it before `open_window`, so that it ends after the windows.
    """
    processes = []

    def start(**settings: str) -> str:
        port = free_port()
        env = {**stack.env, **settings, "PORT": str(port)}
        with (stack.folder / "second.log").open("ab") as log:
            command = bound([sys.executable, "-m", "core.server"])
            processes.append(
                subprocess.Popen(command, cwd=services.ROOT, env=env, stdout=log, stderr=log, start_new_session=True)
            )
        url = f"http://127.0.0.1:{port}"
        wait_until(lambda: _answers(url), seconds=60, what="the second server")
        return url

    yield start
    for process in processes:
        stop(process, grace=0, signum=signal.SIGKILL)


def _answers(url: str) -> bool:
    try:
        return httpx.get(f"{url}/healthz").is_success
    except httpx.TransportError:
        return False


@pytest.fixture
def photo(tmp_path: Path) -> str:
    """A JPEG that has to be made smaller."""
    path = tmp_path / "photo.jpg"
    Image.new("RGB", (1200, 900), (180, 60, 30)).save(path)
    return str(path)
