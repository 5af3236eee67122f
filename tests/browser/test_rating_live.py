"""What one window does is seen in the other, without a reload."""

import asyncio
from collections.abc import Callable

import pytest
from playwright.async_api import Route, expect

from tests.browser.conftest import OpenWindow, Person

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def test_a_rating_moves_stars_and_count_in_another_window(
    open_window: OpenWindow, person: Callable[..., Person]
) -> None:
    recipe_id = person("Rosa", role="seller").publish("Lemon tart")
    person("Ben").rate(recipe_id, 2)
    one, other = await open_window(), await open_window()
    await other.page.evaluate("window.sameDocument = true")
    await other.sees(recipe_id, average="2.00", count="1 rating")
    await one.signed_in(person("Ana"))

    await one.card(recipe_id).get_by_role("radio", name="5 stars").click()

    await other.sees(recipe_id, average="3.50", count="2 ratings")
    await one.sees(recipe_id, average="3.50", count="2 ratings")
    await expect(one.card(recipe_id).get_by_role("radio", name="5 stars")).to_be_checked()
    stars = other.card(recipe_id).locator(".stars")
    await expect(stars).to_have_attribute("aria-label", "3.50 of 5 stars")
    await expect(stars).to_have_css("--stars", "3.5")
    assert "Ana gave Lemon tart 5 stars" in (await other.news())[-1]
    assert await other.page.evaluate("window.sameDocument")


async def test_the_keyboard_rates_changes_and_takes_back(
    open_window: OpenWindow, person: Callable[..., Person]
) -> None:
    recipe_id = person("Rosa", role="seller").publish("Plum cake")
    window = await open_window()
    await window.signed_in(person("Ana"))
    card = window.card(recipe_id)

    # The first card's stars are the next stop after the page's head; one stop, whatever their number.
    await window.page.locator("#recipes").focus()
    await window.page.keyboard.press("Tab")
    await expect(card.get_by_role("radio", name="1 star")).to_be_focused()
    await window.page.keyboard.press("ArrowRight")
    await window.page.keyboard.press("ArrowRight")
    await window.page.keyboard.press("Enter")
    await window.sees(recipe_id, average="3.00", count="1 rating")
    await window.page.keyboard.press("4")
    await window.sees(recipe_id, average="4.00", count="1 rating")
    await expect(card.get_by_role("radio", name="4 stars")).to_be_checked()
    await window.page.keyboard.press("Delete")
    await window.sees(recipe_id, average="-", count="no ratings yet")
    await expect(card.get_by_role("radio", checked=True)).to_have_count(0)


async def test_ones_rating_is_shown_after_a_reload_and_hidden_after_signing_out(
    open_window: OpenWindow, person: Callable[..., Person]
) -> None:
    recipe_id = person("Rosa", role="seller").publish("Ramen")
    ana = person("Ana")
    ana.rate(recipe_id, 4)
    window = await open_window()
    await window.signed_in(ana)
    mine = window.card(recipe_id).get_by_role("radio", name="4 stars")
    await expect(mine).to_be_checked()

    await window.page.reload()
    await expect(mine).to_be_checked()

    await window.page.locator("#sign-out").click()
    await expect(window.page.locator("#open-sign-in")).to_be_visible()
    await expect(window.card(recipe_id).locator(".mine")).to_be_hidden()


async def test_a_sellers_new_recipe_comes_first_in_another_window_and_gets_its_picture(
    open_window: OpenWindow, person: Callable[..., Person], photo: str
) -> None:
    one, other = await open_window(), await open_window()
    await one.signed_in(person("Rosa", role="seller"))

    await one.page.get_by_text("Publish a recipe", exact=True).click()
    await one.page.get_by_label("Name", exact=True).fill("Gazpacho")
    await one.page.get_by_label("Description").fill("Cold.")
    await one.page.get_by_label("Photo").set_input_files(photo)
    await one.page.locator("#publish button[type=submit]").click()

    for window in (one, other):
        first = window.page.locator(".card").first
        await expect(first.locator(".name")).to_have_text("Gazpacho")
        await expect(first.locator(".seller")).to_have_text("by Rosa")
        await expect(first.locator(".description")).to_have_text("Cold.")
        # Resized by the worker, then told on `recipe:{id}`.
        await expect(first.locator("img.loaded")).to_be_visible()
    assert "Rosa published Gazpacho" in (await other.news())[-1]


async def test_a_deleted_recipe_leaves_the_page(open_window: OpenWindow, person: Callable[..., Person]) -> None:
    rosa = person("Rosa", role="seller")
    recipe_id = rosa.publish("A mistake")
    window = await open_window()
    await expect(window.card(recipe_id)).to_be_visible()

    rosa.delete(recipe_id)

    await expect(window.card(recipe_id)).to_have_count(0)


async def test_older_recipes_come_on_demand_and_are_live_too(
    open_window: OpenWindow, person: Callable[..., Person]
) -> None:
    rosa = person("Rosa", role="seller")
    oldest, *_ = [rosa.publish(f"Soup {number}") for number in range(21)]
    window = await open_window()
    await expect(window.card(oldest)).to_have_count(0)

    await window.page.get_by_role("button", name="More recipes").click()
    await expect(window.card(oldest)).to_be_visible()
    await expect(
        window.page.locator("#frames .label", has_text=f"subscribe recipe:{oldest} at offset 0")
    ).to_be_visible()
    person("Ana").rate(oldest, 4)

    await window.sees(oldest, average="4.00", count="1 rating")


async def test_what_its_seller_changes_is_seen_and_a_premium_description_by_those_alone_who_may_read_it(
    open_window: OpenWindow, person: Callable[..., Person]
) -> None:
    rosa = person("Rosa", role="seller")
    recipe_id = rosa.publish("Borscht", description="Red.")
    one, hers = await open_window(), await open_window()
    await hers.signed_in(rosa)
    described = [window.card(recipe_id).locator(".description") for window in (one, hers)]

    rosa.change(recipe_id, description="Very red.")
    for description in described:
        await expect(description).to_have_text("Very red.")

    rosa.change(recipe_id, description="Beetroot.", visibility="premium")
    await expect(described[0]).to_have_text("")
    await expect(described[1]).to_have_text("Beetroot.")

    locked_id = rosa.publish("Solyanka", description="Sour.", visibility="premium")
    await expect(hers.card(locked_id).locator(".description")).to_have_text("Sour.")
    await expect(one.card(locked_id).locator(".description")).to_have_text("")


async def test_the_last_of_several_clicks_on_stars_is_what_stays(
    open_window: OpenWindow, person: Callable[..., Person]
) -> None:
    recipe_id = person("Rosa", role="seller").publish("Paella")
    window = await open_window()
    await window.signed_in(person("Ana"))
    held: list[Route] = []

    async def hold(route: Route) -> None:
        """The first one until all are clicked."""
        if held:
            await route.continue_()
        held.append(route)

    await window.page.route(f"**/api/recipes/{recipe_id}/rate/", hold)
    answered: asyncio.Queue[int] = asyncio.Queue()
    window.page.on("requestfinished", lambda request: "/rate/" in request.url and answered.put_nowait(1))
    stars = [window.card(recipe_id).get_by_role("radio", name=f"{score} star") for score in (1, 2, 5)]
    for star in stars:
        await star.click()
    await held[0].continue_()
    for _ in stars:
        await asyncio.wait_for(answered.get(), 30)

    await window.sees(recipe_id, average="5.00", count="1 rating")
    await expect(stars[-1]).to_be_checked()
