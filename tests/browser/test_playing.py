"""hls.js, unmodified, plays what the worker made, from another origin."""

import re
from collections.abc import Callable
from typing import Any
from urllib.parse import urlencode

import pytest
from playwright.async_api import BrowserContext, Page, expect

from tests.browser.conftest import Person
from tests.browser.pages import MODULES
from tests.media_pipeline.video.films import film
from tests.media_pipeline.video.test_variants import HEAVY
from tests.stack import Stack, wait_until

pytestmark = [
    pytest.mark.asyncio(loop_scope="session"),
    pytest.mark.skipif(not (MODULES / "hls.js").is_dir(), reason="needs `npm ci --prefix tests/node`"),
]
SECONDS = 10
SUPPORTED = "MediaSource.isTypeSupported('video/mp4; codecs=\"avc1.64001f,mp4a.40.2\"')"


@pytest.fixture
def video(stack: Stack, person: Callable[..., Person]) -> str:
    """The address of the master playlist of a film in two sizes."""
    ann = person("Ann")
    data = film("1280x720", seconds=SECONDS, rate=15, options=HEAVY)
    media_id = ann.client.post("/api/media/", files={"file": ("a.mp4", data)}).json()["id"]

    def ready() -> Any:
        media = ann.client.get(f"/api/media/{media_id}/").json()
        assert media["status"] != "failed", media
        return media["status"] == "ready" and media

    return stack.url + str(wait_until(ready, seconds=120, what="the film")["hls_url"])


async def opened(context: BrowserContext, origin: str, url: str) -> Page:
    page = await context.new_page()
    await page.goto(f"{origin}/play.html?{urlencode({'url': url})}")
    if not await page.evaluate(SUPPORTED):
        pytest.skip("This browser knows no H.264: Debian's chromium and Google's Chrome do")
    return page


async def play(page: Page) -> None:
    """Without a click it may only play in silence."""
    await page.locator("video").evaluate("(video) => { video.muted = true; return video.play() }")


async def test_a_film_plays_to_its_end(context: BrowserContext, origin: str, video: str) -> None:
    page = await opened(context, origin, video)
    complaints: list[str] = []
    page.on("console", lambda message: message.type == "error" and complaints.append(message.text))
    page.on("pageerror", lambda error: complaints.append(str(error)))
    statuses: dict[str, set[int]] = {}

    def note(answer: Any) -> None:
        statuses.setdefault(answer.url.rpartition("/")[2], set()).add(answer.status)

    page.on("response", note)
    film = page.locator("video")
    await film.evaluate("(video) => { video.playbackRate = 4 }")
    await play(page)
    await page.wait_for_function("document.querySelector('video').ended")
    facts = await film.evaluate("(video) => [video.duration, video.videoWidth, video.videoHeight, video.error]")
    assert facts[0] == pytest.approx(SECONDS, abs=0.3)
    assert facts[1:] in ([1280, 720, None], [640, 360, None])
    frames = await film.evaluate("(video) => video.getVideoPlaybackQuality().totalVideoFrames")
    assert frames > 15
    # The segments are ranges of one file each.
    assert {status for name, found in statuses.items() if name.endswith(".mp4") for status in found} == {206}
    assert complaints == []


async def test_it_may_be_watched_from_anywhere(context: BrowserContext, origin: str, video: str) -> None:
    page = await opened(context, origin, video)
    film = page.locator("video")
    for moment in (SECONDS - 1, 1, SECONDS / 2):
        shown = await film.evaluate(
            """(video, moment) => new Promise((resolve, reject) => {
                video.onseeked = () => resolve(video.currentTime)
                video.onerror = () => reject(video.error)
                video.currentTime = moment
            })""",
            moment,
        )
        assert shown == pytest.approx(moment, abs=0.2)


@pytest.mark.parametrize(("width", "height"), [(1280, 720), (640, 360)])
async def test_both_sizes_play(context: BrowserContext, origin: str, video: str, width: int, height: int) -> None:
    page = await opened(context, origin, re.sub("master(?=.m3u8)", f"{height}p", video))
    await play(page)
    await page.wait_for_function("document.querySelector('video').currentTime > 0.5")
    size = await page.locator("video").evaluate("(video) => [video.videoWidth, video.videoHeight]")
    assert size == [width, height]


async def test_a_small_player_takes_the_small_size(context: BrowserContext, origin: str, video: str) -> None:
    page = await opened(context, origin, video)
    await page.set_viewport_size({"width": 500, "height": 400})
    await page.reload()
    await play(page)
    await expect(page.get_by_role("status")).to_have_text("360p")
