"""The pages of the API's description work under their own policy, and ask nobody else for anything."""

import pytest
from playwright.async_api import Browser, ConsoleMessage, Page, expect

from tests.stack import Stack

pytestmark = pytest.mark.asyncio(loop_scope="session")

LOGO = "https://cdn.redoc.ly/redoc/logo-mini.svg"


@pytest.mark.parametrize(
    ("path", "shows"),
    [("/api/docs/", "#operations-recipes-recipes_create"), ("/api/redoc/", "h2:has-text('Publish a recipe')")],
)
async def test_the_routes_are_shown(browser: Browser, stack: Stack, path: str, shows: str) -> None:
    page: Page = await browser.new_page()
    left: list[str] = []
    complaints: list[str] = []

    def hear(message: ConsoleMessage) -> None:
        # Redoc's menu wants its maker's logo; the policy of the page refuses, and the browser says so.
        if message.type == "error" and LOGO not in message.text:
            complaints.append(message.text)

    # What the policy refuses does not leave the browser and is not finished.
    page.on("requestfinished", lambda request: left.append(request.url))
    page.on("console", hear)
    page.on("pageerror", lambda error: complaints.append(str(error)))
    await page.goto(stack.url + path)
    await expect(page.locator(shows).first).to_be_visible()
    assert [url for url in left if not url.startswith((stack.url, "data:", "blob:"))] == []
    assert complaints == []
    await page.close()
