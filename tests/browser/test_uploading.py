"""Uppy, unmodified, on the page of the examples: in a browser, from another origin."""

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import BrowserContext, Page, Response, expect

from tests.browser.conftest import PASSWORD, Person
from tests.browser.pages import MODULES
from tests.media_pipeline.uploads.conftest import original_of
from tests.media_pipeline.uploads.flaky import flaky
from tests.media_pipeline.video.films import film
from tests.stack import Stack

pytestmark = [
    pytest.mark.asyncio(loop_scope="session"),
    pytest.mark.skipif(not (MODULES / "uppy").is_dir(), reason="needs `npm ci --prefix tests/node`"),
]
CHUNK = 8 * 1024 * 1024
PAGE = "/uppy.html"
EXPIRED = "async ([url, token]) => (await fetch(url, {headers: {Authorization: `Bearer ${token}`}})).status === 401"


@pytest.fixture
def server(origin: str, second_server: Callable[..., str]) -> str:
    """Simmer, which lets the page of the examples in."""
    return second_server(CORS_ALLOWED_ORIGINS=origin)


@pytest.fixture
def video(tmp_path: Path) -> Path:
    """A film of five chunks and a bit; most of it is padding."""
    path = tmp_path / "dinner.mp4"
    padding = 5 * CHUNK
    path.write_bytes(film("320x180", seconds=1) + (padding + 8).to_bytes(4, "big") + b"free" + bytes(padding))
    return path


async def signed_in(page: Page, url: str, server: str, person: Person) -> None:
    await page.goto(url)
    await page.get_by_label("Server").fill(server)
    await page.get_by_label("Username").fill(person.username)
    await page.get_by_label("Password").fill(PASSWORD)
    await page.get_by_role("button", name="Sign in").click()
    await expect(page.get_by_role("status").first).to_have_text(f"Signed in as {person.username}.")


async def choose(page: Page, file: Path) -> None:
    await page.locator("input.uppy-Dashboard-input").first.set_input_files(file)
    await page.locator("button.uppy-StatusBar-actionBtn--upload").click()


async def uploaded(page: Page) -> str:
    """The id of the media, once it is ready."""
    line = page.locator("#uploaded li")
    await expect(line).to_contain_text("ready", timeout=120_000)
    await expect(line.locator("img")).to_be_visible()
    assert await line.locator("img").evaluate("async (image) => (await image.decode(), image.naturalWidth)") > 0
    return str(await line.get_attribute("data-media"))


def is_kept(stack: Stack, media_id: str, file: Path) -> bool:
    return original_of(stack, media_id) == file.read_bytes()


def requests_of(page: Page) -> list[tuple[str, int]]:
    """(method, status) of each answer of tus that the page has had, preflights left out."""
    seen: list[tuple[str, int]] = []

    def note(answer: Response) -> None:
        if "/api/tus/" in answer.url and answer.request.method != "OPTIONS":
            seen.append((answer.request.method, answer.status))

    page.on("response", note)
    return seen


async def test_a_film_is_uploaded_and_shown(
    stack: Stack, context: BrowserContext, origin: str, server: str, person: Callable[..., Person], video: Path
) -> None:
    ann, page = person("Ann"), await context.new_page()
    complaints: list[str] = []
    page.on("console", lambda message: message.type == "error" and complaints.append(message.text))
    page.on("pageerror", lambda error: complaints.append(str(error)))
    seen = requests_of(page)
    await signed_in(page, origin + PAGE, server, ann)
    await choose(page, video)
    media_id = await uploaded(page)
    assert seen == [("POST", 201)] + [("PATCH", 204)] * 6
    assert is_kept(stack, media_id, video)
    link = str(await page.locator("#uploaded a").get_attribute("href"))
    assert link.startswith("play.html?url=")
    assert complaints == []


async def test_a_film_arrives_while_a_third_of_the_requests_fail(
    stack: Stack, context: BrowserContext, origin: str, server: str, person: Callable[..., Person], video: Path
) -> None:
    ann, page = person("Ann"), await context.new_page()
    with flaky(server, share=0.3, seed=7, only="/api/tus/") as url:
        await signed_in(page, origin + PAGE, url, ann)
        await choose(page, video)
        # When it has failed too often, Uppy asks its reader.
        again = page.locator("button.uppy-StatusBar-actionBtn--retry")
        line = page.locator("#uploaded li")
        for _ in range(20):
            await expect(again.or_(line)).to_be_visible(timeout=120_000)
            if await line.is_visible():
                break
            await again.click()
        media_id = await uploaded(page)
    assert is_kept(stack, media_id, video)


async def test_a_page_that_was_closed_goes_on_where_it_was(
    stack: Stack, context: BrowserContext, origin: str, server: str, person: Callable[..., Person], video: Path
) -> None:
    ann, page = person("Ann"), await context.new_page()
    sent = 0

    async def lose_the_third(route: Any) -> None:
        nonlocal sent
        sent += route.request.method == "PATCH"
        await (route.abort() if sent > 2 else route.continue_())

    await page.route("**/api/tus/**", lose_the_third)
    await signed_in(page, origin + PAGE, server, ann)
    seen = requests_of(page)
    async with page.expect_event("requestfailed"):
        await choose(page, video)
    await page.close()
    assert [method for method, _ in seen][:3] == ["POST", "PATCH", "PATCH"]
    page = await context.new_page()
    seen = requests_of(page)
    await signed_in(page, origin + PAGE, server, ann)
    await choose(page, video)
    media_id = await uploaded(page)
    assert seen == [("HEAD", 200)] + [("PATCH", 204)] * 4
    assert is_kept(stack, media_id, video)


async def test_a_finished_upload_that_is_remembered_begins_anew_when_its_media_is_gone(
    stack: Stack, context: BrowserContext, origin: str, server: str, person: Callable[..., Person], photo: str
) -> None:
    ann, media = person("Ann"), []
    for _ in range(2):
        page = await context.new_page()
        seen = requests_of(page)
        await signed_in(page, origin + PAGE, server, ann)
        await choose(page, Path(photo))
        media.append(await uploaded(page))
        await page.close()
        assert is_kept(stack, media[-1], Path(photo))
        assert ann.client.delete(f"/api/media/{media[-1]}/").status_code == 204
    assert seen == [("HEAD", 410), ("POST", 201), ("PATCH", 204)]
    assert media[0] != media[1]


async def test_a_token_that_expires_meanwhile_is_refreshed(
    stack: Stack,
    context: BrowserContext,
    origin: str,
    second_server: Callable[..., str],
    person: Callable[..., Person],
    photo: str,
) -> None:
    server = second_server(CORS_ALLOWED_ORIGINS=origin, ACCESS_TOKEN_SECONDS="1")
    ann, page = person("Ann"), await context.new_page()
    seen = requests_of(page)
    async with page.expect_response("**/api/auth/token/") as answer:
        await signed_in(page, origin + PAGE, server, ann)
    token = (await (await answer.value).json())["access"]
    async with asyncio.timeout(30):
        while not await page.evaluate(EXPIRED, [f"{server}/api/me/", token]):
            pass
    await choose(page, Path(photo))
    assert is_kept(stack, await uploaded(page), Path(photo))
    assert seen[0] == ("POST", 401) and ("PATCH", 204) in seen, seen
