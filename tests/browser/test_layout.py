"""What the page looks like: on a phone, in the dark, and its panel of frames."""

from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.async_api import expect

from tests.browser.conftest import OpenWindow, Person

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def test_a_phone_has_nothing_to_scroll_sideways(
    open_window: OpenWindow, person: Callable[..., Person], tmp_path: Path
) -> None:
    recipe_id = person("Rosa", role="seller").publish("Rindfleischetikettierungsüberwachungsaufgaben" * 2)
    ana = person("Ana")
    # WCAG's narrowest.
    window = await open_window(width=320, height=700, is_mobile=True, has_touch=True)
    await window.signed_in(ana)
    await window.card(recipe_id).get_by_role("radio", name="5 stars").tap()
    await window.sees(recipe_id, average="5.00", count="1 rating")

    picture = await window.page.screenshot(path=tmp_path / "phone.png", full_page=True)

    # The width in a PNG's header: as wide as the window and no wider.
    assert int.from_bytes(picture[16:20], "big") == 320
    assert await window.page.evaluate("document.documentElement.scrollWidth") == 320


async def test_light_and_dark_are_readable_in_every_state(open_window: OpenWindow) -> None:
    window = await open_window(reduced_motion="reduce")
    faint = []
    for scheme in ("light", "dark"):
        await window.page.emulate_media(color_scheme=scheme)
        for state in ("live", "connecting", "recovering", "offline"):
            await window.page.evaluate("(state) => { document.documentElement.dataset.state = state }", state)
            for selector in READABLE:
                ratio = await window.page.locator(selector).first.evaluate(CONTRAST)
                if ratio < 4.5:
                    faint.append(f"{selector} in the {scheme}, {state}: {ratio:.2f}")
    assert not faint


async def test_the_panel_shows_the_frames_but_no_token_and_can_be_paused(
    open_window: OpenWindow, person: Callable[..., Person]
) -> None:
    recipe_id = person("Rosa", role="seller").publish("Shakshuka")
    ana = person("Ana")
    window = await open_window()
    await window.signed_in(ana)
    frames = window.page.locator("#frames")
    connect = frames.locator("li.out", has_text="connect").first
    await connect.locator("summary").click()
    await expect(connect.locator("pre")).to_contain_text('"token": "(not shown)"')

    ana.rate(recipe_id, 5)
    event = frames.locator("li.in", has_text=f"rating.created on recipe:{recipe_id}")
    await event.locator("summary").click()
    await expect(event.locator("pre")).to_contain_text('"avg_rating": 5')

    await frames.get_by_role("button", name="Pause").click()
    ana.rate(recipe_id, 4)
    await window.sees(recipe_id, average="4.00", count="1 rating")
    await expect(frames.locator("li", has_text="rating.updated")).to_have_count(0)
    await expect(frames.locator(".frame-count")).to_contain_text("paused")
    await frames.get_by_role("button", name="Go on").click()
    ana.rate(recipe_id, 3)
    await expect(frames.locator("li", has_text="rating.updated")).to_have_count(1)


async def test_the_panel_keeps_200_frames(open_window: OpenWindow) -> None:
    window = await open_window()
    count, newest, oldest = await window.page.evaluate(
        """async () => {
          const { Frames } = await import("/static/live/frames.js");
          const panel = document.querySelector("#frames").cloneNode(true);
          const list = panel.querySelector("ol");
          list.replaceChildren();
          const frames = new Frames(panel);
          for (let offset = 1; offset <= 250; offset++) {
            frames.add({ direction: "in", messages: [{ push: { channel: "recipes", pub: { offset, data: {} } } }] });
          }
          return [list.children.length, list.firstChild.innerText, list.lastChild.innerText];
        }"""
    )
    assert count == 200
    assert "offset 250" in newest
    assert "offset 51" in oldest


READABLE = ("h1", ".lead", ".sentence", "#frames .label", "#frames time", "#drop", "#open-sign-in", ".pill", ".quiet")
# WCAG's contrast of an element's text with what it stands on.
CONTRAST = """(element) => {
  const canvas = document.createElement("canvas").getContext("2d", { willReadFrequently: true });
  const paint = (...colours) => {
    for (const colour of colours) {
      canvas.fillStyle = colour;
      canvas.fillRect(0, 0, 1, 1);
    }
    return [...canvas.getImageData(0, 0, 1, 1).data].slice(0, 3);
  };
  const layers = [];
  for (let each = element; each; each = each.parentElement) layers.unshift(getComputedStyle(each).backgroundColor);
  const light = (rgb) => {
    const linear = (part) => (part <= 10 ? part / 3294 : ((part / 255 + 0.055) / 1.055) ** 2.4);
    const [r, g, b] = rgb.map(linear);
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const [a, b] = [light(paint(...layers)), light(paint(...layers, getComputedStyle(element).color))];
  return (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
}"""
