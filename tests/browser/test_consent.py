"""The pages of OAuth in Chromium: signing in, being asked, and the way back to the app."""

import asyncio
import os
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest
import pytest_asyncio
from playwright.async_api import Browser, Page, expect

from tests.browser.conftest import PASSWORD, Person
from tests.browser.test_layout import CONTRAST
from tests.live.consent import register_app
from tests.stack import Stack

pytestmark = pytest.mark.asyncio(loop_scope="session")
SCHEME = "com.example.pocket:/back"
LOOPBACK = "http://127.0.0.1/back"
READABLE = ("h1", ".soft", ".fine", ".address", ".permissions li", "button:not(.plain)", "button.plain", "a")


class Visit:
    """A browser window of its own, and what it complained of."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.complaints: list[str] = []
        page.on("console", lambda message: message.type == "error" and self.complaints.append(message.text))

    async def sign_in(self, person: Person) -> None:
        await self.page.get_by_label("Username or e-mail").fill(person.username)
        await self.page.get_by_label("Password").fill(PASSWORD)
        await self.page.get_by_role("button", name="Sign in").click()
        await expect(self.page.get_by_role("heading", name="May Pocket Kitchen act for you?")).to_be_visible()


Visits = Callable[..., Awaitable[Visit]]


@pytest_asyncio.fixture(loop_scope="session")
async def visit(browser: Browser) -> AsyncIterator[Visits]:
    contexts = []

    async def open_one(address: str, **options: Any) -> Visit:
        context = await browser.new_context(**{"viewport": {"width": 1000, "height": 800}, **options})
        contexts.append(context)
        page = await context.new_page()
        page.set_default_timeout(30_000)
        found = Visit(page)
        await page.goto(address)
        return found

    yield open_one
    for context in contexts:
        await context.close()


def question(stack: Stack, client_id: str, redirect_uri: str) -> str:
    asked = {
        "response_type": "code",
        "client_id": client_id,
        "redirect_uri": redirect_uri,
        "scope": "read write",
        "state": "xyz",
        "code_challenge": "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM",
        "code_challenge_method": "S256",
    }
    return f"{stack.url}/o/authorize/?{urlencode(asked)}"


@pytest.mark.parametrize("button", ["Allow", "Cancel"])
async def test_the_way_back_leads_into_an_app_on_the_device(
    stack: Stack, person: Callable[..., Person], visit: Visits, button: str
) -> None:
    """Chromium holds the redirects after a form to the page's policy, of whatever scheme they are."""
    found = await visit(question(stack, register_app(stack, SCHEME), SCHEME))
    await found.sign_in(person("Ana"))

    async with found.page.expect_request(lambda request: request.url.startswith(SCHEME)) as followed:
        await found.page.get_by_role("button", name=button).click()

    back = (await followed.value).url
    assert ("code=" in back) == (button == "Allow") and "state=xyz" in back
    # That no such app is installed here is not ours to complain of.
    assert not [each for each in found.complaints if "Content Security Policy" in each]


async def test_the_way_back_leads_to_an_app_that_listens_here(
    stack: Stack, person: Callable[..., Person], visit: Visits
) -> None:
    heard: asyncio.Future[str] = asyncio.get_running_loop().create_future()

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        line = (await reader.readline()).decode()
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nConnection: close\r\n\r\nThank you.")
        writer.close()
        if "/back" in line and not heard.done():
            heard.set_result(line)

    async with await asyncio.start_server(answer, "127.0.0.1", 0) as listener:
        here = f"http://127.0.0.1:{listener.sockets[0].getsockname()[1]}/back"
        found = await visit(question(stack, register_app(stack, LOOPBACK), here))
        await found.sign_in(person("Ana"))
        await found.page.get_by_role("button", name="Allow").click()
        async with asyncio.timeout(30):
            assert "code=" in await heard
        await expect(found.page.locator("body")).to_contain_text("Thank you.")
    assert not found.complaints


async def test_a_form_that_is_made_to_lead_elsewhere_stays(
    stack: Stack, person: Callable[..., Person], visit: Visits
) -> None:
    found = await visit(question(stack, register_app(stack, SCHEME), SCHEME))
    await found.sign_in(person("Ana"))
    async with found.page.expect_console_message(lambda message: "form-action" in message.text):
        await found.page.evaluate(
            """() => {
              const form = document.querySelector("main form");
              form.action = "https://evil.example/";
              form.requestSubmit();
            }"""
        )


async def test_the_pages_can_be_read_by_day_and_night_and_on_a_phone(
    stack: Stack, person: Callable[..., Person], visit: Visits, tmp_path: Path
) -> None:
    pictures = Path(os.environ.get("PICTURES", tmp_path))
    ana = person("Ana")
    asked = question(stack, register_app(stack, SCHEME), SCHEME)
    faint = []
    for scheme in ("light", "dark"):
        phone = {"width": 320, "height": 700}
        found = await visit(asked, color_scheme=scheme, viewport=phone)
        await found.page.screenshot(path=pictures / f"sign-in-{scheme}.png", full_page=True)
        await found.sign_in(ana)
        for selector in READABLE:
            ratio = await found.page.locator(f"main {selector}").first.evaluate(CONTRAST)
            if ratio < 4.5:
                faint.append(f"{selector} in the {scheme}: {ratio:.2f}")
        picture = await found.page.screenshot(path=pictures / f"consent-{scheme}.png", full_page=True)
        assert int.from_bytes(picture[16:20], "big") == 320
        await found.page.set_viewport_size({"width": 1000, "height": 800})
        await found.page.screenshot(path=pictures / f"consent-wide-{scheme}.png", full_page=True)
        await found.page.get_by_role("button", name="Cancel").wait_for()
        await found.page.goto(f"{stack.url}/o/authorize/?client_id=unknown")
        await found.page.screenshot(path=pictures / f"refused-{scheme}.png", full_page=True)
        await found.page.goto(f"{stack.url}/o/apps/")
        await found.page.screenshot(path=pictures / f"apps-{scheme}.png", full_page=True)
        # Its own refusal alone.
        assert not [each for each in found.complaints if "status of 400" not in each]
    assert not faint
