"""Signing in, staying signed in, and being signed out."""

import re
from collections.abc import Callable

import pytest
from playwright.async_api import expect

from tests.browser.conftest import OpenWindow, Person

pytestmark = pytest.mark.asyncio(loop_scope="session")
# Chromium itself reports every answer from 400 on.
REFUSED = ("status of 401",)


async def test_a_wrong_password_is_a_sentence_in_the_form(
    open_window: OpenWindow, person: Callable[..., Person]
) -> None:
    ana = person("Ana")
    window = await open_window(tolerated=REFUSED)

    await window.sign_in(ana, password="wrong horse battery")
    await expect(window.page.get_by_role("alert")).to_have_text("The username, e-mail or password is wrong.")
    await expect(window.page.locator("#sign-in")).to_be_visible()

    await window.signed_in(ana)
    await expect(window.page.locator(".who")).to_have_text("Ana")


async def test_a_token_that_expires_is_renewed_by_the_socket_and_by_requests(
    second_server: Callable[..., str], open_window: OpenWindow, person: Callable[..., Person]
) -> None:
    recipe_id = person("Rosa", role="seller").publish("Green minestrone")
    window = await open_window(url=second_server(ACCESS_TOKEN_SECONDS="2"), tolerated=REFUSED)
    await window.signed_in(person("Ana"))

    # Half-way through the token's life, and again with the next one.
    await expect(window.page.locator("#frames li.out .label", has_text="refresh").nth(1)).to_be_visible()
    await window.card(recipe_id).get_by_role("radio", name="3 stars").click()
    await window.sees(recipe_id, average="3.00", count="1 rating")

    # Without a socket nobody renews it before it has expired; the request that finds out does.
    await window.page.get_by_role("button", name="Drop the connection").click()
    await window.page.evaluate(
        """() => {
          const session = JSON.parse(sessionStorage.getItem("simmer-session"));
          const { exp } = JSON.parse(atob(session.access.split(".")[1].replaceAll("-", "+").replaceAll("_", "/")));
          return new Promise((done) => setTimeout(done, exp * 1000 + 1000 - Date.now()));
        }"""
    )
    await window.card(recipe_id).get_by_role("radio", name="4 stars").click()
    await expect(window.card(recipe_id).get_by_role("radio", name="4 stars")).to_be_checked()


async def test_a_session_that_is_ended_elsewhere_ends_here_too(
    open_window: OpenWindow, person: Callable[..., Person]
) -> None:
    ana = person("Ana")
    window = await open_window(tolerated=REFUSED)
    await window.signed_in(ana)
    refresh = await window.page.evaluate('JSON.parse(sessionStorage.getItem("simmer-session")).refresh')

    ana.end_session(refresh)

    await expect(window.page.locator("#notices")).to_contain_text("You were signed out.")
    await expect(window.page.locator("#open-sign-in")).to_be_visible()
    await window.is_in_state("Live")


async def test_a_limit_is_told_with_the_time_to_wait(
    second_server: Callable[..., str], open_window: OpenWindow, person: Callable[..., Person]
) -> None:
    person("Rosa", role="seller").publish("Tacos")
    url = second_server(THROTTLE_ANON="8/min")
    window = await open_window(url=url, tolerated=("status of 429",))

    # How many requests a load takes is not told here, but for one.
    for _ in range(8):
        async with window.page.expect_response(re.compile("/api/recipes/")):
            await window.page.reload()

    await expect(window.page.locator("#waiting")).to_contain_text("Retrying in")
