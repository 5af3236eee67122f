"""Publishing from the page: what a seller means once is published once."""

import asyncio
from collections.abc import Awaitable, Callable

import pytest
from playwright.async_api import Page, Route, expect

from tests.browser.conftest import OpenWindow, Person, Window

pytestmark = pytest.mark.asyncio(loop_scope="session")
SUBMIT = "#publish button[type=submit]"


async def enter_twice(page: Page) -> None:
    name = page.get_by_label("Name", exact=True)
    await name.press("Enter")
    await name.press("Enter")


async def click_twice(page: Page) -> None:
    await page.locator(SUBMIT).dblclick()


async def fill_in(window: Window, *, name: str) -> None:
    await window.page.get_by_text("Publish a recipe", exact=True).click()
    await window.page.get_by_label("Name", exact=True).fill(name)
    await window.page.get_by_label("Description").fill("Cold.")


@pytest.mark.parametrize("twice", [enter_twice, click_twice])
async def test_a_second_enter_or_click_publishes_nothing_more(
    open_window: OpenWindow, person: Callable[..., Person], twice: Callable[[Page], Awaitable[None]]
) -> None:
    rosa = person("Rosa", role="seller")
    window = await open_window()
    await window.signed_in(rosa)
    await fill_in(window, name="Gazpacho")
    sent, both = [], asyncio.Event()

    async def hold(route: Route) -> None:
        """No answer until both gestures are over."""
        if route.request.method == "POST":
            sent.append(route.request.headers.get("idempotency-key"))
            await both.wait()
        await route.continue_()

    await window.page.route("**/api/recipes/", hold)
    await twice(window.page)
    await expect(window.page.locator(SUBMIT)).to_be_disabled()
    both.set()

    await expect(window.page.locator(SUBMIT)).to_be_hidden()
    assert rosa.recipe_names() == ["Gazpacho"]
    assert len(sent) == 1 and sent[0]


async def test_a_recipe_whose_answer_was_lost_is_sent_again_and_published_once(
    open_window: OpenWindow, person: Callable[..., Person]
) -> None:
    rosa = person("Rosa", role="seller")
    window = await open_window(tolerated=("ERR_FAILED",))
    await window.signed_in(rosa)
    await fill_in(window, name="Ajoblanco")
    keys = []

    async def lose(route: Route) -> None:
        """The first answer, after the server has done what was asked."""
        if route.request.method == "POST":
            keys.append(route.request.headers["idempotency-key"])
            if len(keys) == 1:
                assert (await route.fetch()).status == 201
                await route.abort()
                return
        await route.continue_()

    await window.page.route("**/api/recipes/", lose)
    await window.page.locator(SUBMIT).click()
    await window.page.get_by_role("button", name="Try again").click()

    await expect(window.page.locator(SUBMIT)).to_be_hidden()
    assert rosa.recipe_names() == ["Ajoblanco"]
    assert len(keys) == 2 and len(set(keys)) == 1

    # The next recipe is another one, though it is called the same.
    await fill_in(window, name="Ajoblanco")
    await window.page.locator(SUBMIT).click()
    await expect(window.page.locator(SUBMIT)).to_be_hidden()
    assert rosa.recipe_names() == ["Ajoblanco"] * 2
    assert keys[2] != keys[1]


async def test_a_second_click_on_sign_in_opens_no_second_session(
    open_window: OpenWindow, person: Callable[..., Person]
) -> None:
    ana = person("Ana")
    window = await open_window()
    sent, both = [], asyncio.Event()

    async def hold(route: Route) -> None:
        sent.append(route.request.method)
        await both.wait()
        await route.continue_()

    await window.page.route("**/api/auth/token/", hold)
    await window.sign_in(ana)
    await window.page.get_by_label("Password").press("Enter")
    both.set()
    await expect(window.page.locator("#sign-out")).to_be_visible()
    assert sent == ["POST"]
