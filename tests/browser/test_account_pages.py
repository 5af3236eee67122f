"""Where the links in mails lead: the pages of Simmer's own, in a browser, with the mails that a worker has written."""

import re
from collections.abc import AsyncIterator, Callable

import pytest
import pytest_asyncio
from playwright.async_api import Browser, Page, expect

from accounts.unsubscribing import unsubscribe_url
from tests.browser.conftest import OpenWindow, Person
from tests.stack import Stack, wait_until

pytestmark = pytest.mark.asyncio(loop_scope="session")
NEW = "another long sentence 7"


def link_in_mail(stack: Stack, person: Person, kind: str) -> str:
    """The newest link of that kind that was mailed to them, at this stack's address."""

    def find() -> str | None:
        files = sorted((stack.folder / "mail").glob("*"), key=lambda path: path.stat().st_mtime, reverse=True)
        for text in (path.read_text() for path in files):
            plain = text.replace("=\n", "").replace("=3D", "=")
            if f"To: {person.username}@example.org" in plain and (
                found := re.search(rf"/account/{kind}/#[\w-]+", plain)
            ):
                return found[0]
        return None

    return stack.url + str(wait_until(find, what=f"a mail that leads to /account/{kind}/"))


@pytest_asyncio.fixture(loop_scope="session")
async def page(browser: Browser) -> AsyncIterator[Page]:
    """A page whose console must stay empty but for refusals of the API."""
    complaints: list[str] = []
    page = await browser.new_page(viewport={"width": 390, "height": 800})
    page.set_default_timeout(30_000)
    page.on(
        "console",
        lambda message: (
            message.type == "error" and "status of 400" not in message.text and complaints.append(message.text)
        ),
    )
    page.on("pageerror", lambda error: complaints.append(str(error)))
    yield page
    await page.close()
    assert not complaints


async def test_a_password_is_reset_on_our_page(stack: Stack, person: Callable[..., Person], page: Page) -> None:
    ana = person("Ana")
    email = f"{ana.username}@example.org"
    assert ana.client.post("/api/auth/password/reset/", json={"email": email}).status_code == 202
    await page.goto(link_in_mail(stack, ana, "password"))
    assert "#" not in page.url, "the token stays in no history"
    await page.get_by_label("New password").fill("12345678")
    await page.get_by_role("button").click()
    await expect(page.locator(".bad")).to_contain_text("too common")
    await page.get_by_label("New password").fill(NEW)
    await page.get_by_role("button").click()
    await expect(page.get_by_role("status")).to_contain_text("Your password is set")
    body = {"email": email, "password": NEW}
    assert ana.client.post("/api/auth/token/", json=body, headers={"Authorization": ""}).status_code == 200


async def test_an_address_is_confirmed_on_our_page(stack: Stack, person: Callable[..., Person], page: Page) -> None:
    ana = person("Ana")
    link = link_in_mail(stack, ana, "email")
    await page.goto(link)
    assert ana.client.get("/api/me/").json()["email_verified"] is False, "looking is not confirming"
    await page.get_by_role("button").click()
    await expect(page.get_by_role("status")).to_contain_text("Thank you")
    assert ana.client.get("/api/me/").json()["email_verified"] is True
    await page.goto("about:blank")
    await page.goto(link)
    await page.get_by_role("button").click()
    await expect(page.locator(".bad")).to_contain_text("was used, has expired")


async def test_a_link_without_its_end_says_so(stack: Stack, page: Page) -> None:
    await page.goto(f"{stack.url}/account/password/")
    await expect(page.locator(".bad")).to_contain_text("not complete")
    await expect(page.get_by_role("button")).to_be_hidden()


async def test_the_digest_is_ended_by_a_button(stack: Stack, person: Callable[..., Person], page: Page) -> None:
    ana = person("Ana")
    await page.goto(stack.url + "/account/" + unsubscribe_url(ana.id).partition("/account/")[2])
    await page.get_by_role("button", name="Send me no more of these").click()
    await expect(page.get_by_role("status")).to_contain_text("no more digests")
    assert ana.client.get("/api/me/preferences/").json()["digest"] is False


async def test_a_recipes_link_brings_it_into_view(
    open_window: OpenWindow, stack: Stack, person: Callable[..., Person]
) -> None:
    rosa = person("Rosa", role="seller")
    linked = rosa.publish("The one that was mailed")
    for number in range(21):
        rosa.publish(f"A newer one, {number}")
    window = await open_window(url=f"{stack.url}/#recipe-{linked}")
    await expect(window.card(linked).locator(".name")).to_be_in_viewport()
    rosa_rates = person("Ben")
    rosa_rates.rate(linked, 4)
    await window.sees(linked, average="4.00", count="1 rating")
