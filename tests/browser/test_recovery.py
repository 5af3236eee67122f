"""The connection ends and comes back; nothing is missing afterwards."""

from collections.abc import Callable

import pytest
from playwright.async_api import expect

from tests.browser.conftest import OpenWindow, Person
from tests.stack import Stack

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def test_what_happened_while_the_connection_was_dropped_arrives_in_order_and_once(
    open_window: OpenWindow, person: Callable[..., Person]
) -> None:
    rosa = person("Rosa", role="seller")
    recipe_id = rosa.publish("Saag paneer")
    window = await open_window()
    raters = [person(name) for name in ("Ana", "Ben", "Caro")]
    await window.page.get_by_role("button", name="Drop the connection").click()
    await window.is_in_state("Offline")

    for rater, score in zip(raters, (5, 4, 3), strict=True):
        rater.rate(recipe_id, score)
    published = rosa.publish("Meanwhile soup")
    raters[0].rate(published, 5)
    await expect(window.card(recipe_id).locator(".count")).to_have_text("no ratings yet")
    await window.page.get_by_role("button", name="Reconnect").click()

    await window.is_in_state("Live")
    await window.sees(recipe_id, average="4.00", count="3 ratings")
    await window.sees(published, average="5.00", count="1 rating")
    news = await window.news()
    ratings = [line for line in news if "Saag paneer" in line]
    assert [line.split(" gave ")[0] for line in ratings] == ["Ana", "Ben", "Caro"]
    assert all("recovered" in line for line in ratings)
    await expect(window.page.locator("#connection .sentence")).to_have_text(
        "The 5 events that were missed have arrived, in order."
    )

    raters[0].rate(recipe_id, 2)
    await window.sees(recipe_id, average="3.00", count="3 ratings")
    assert "recovered" not in (await window.news())[-1]


async def test_a_killed_server_is_come_back_to_without_anybody_doing_anything(
    open_window: OpenWindow, person: Callable[..., Person], stack: Stack
) -> None:
    recipe_id = person("Rosa", role="seller").publish("Jollof rice")
    window = await open_window(tolerated=("WebSocket connection to", "Failed to load resource"))
    stack.kill("web")
    await window.is_in_state("Offline")
    await expect(window.page.locator("#connection .sentence")).to_contain_text("Reconnecting in")

    stack.ensure_running()
    person("Ana").rate(recipe_id, 5)

    await window.sees(recipe_id, average="5.00", count="1 rating")
    await window.is_in_state("Live")


@pytest.mark.faults
async def test_after_a_restore_of_the_database_the_page_reads_anew(
    open_window: OpenWindow, person: Callable[..., Person], stack: Stack
) -> None:
    recipe_id = person("Rosa", role="seller").publish("Miso aubergine")
    window = await open_window()
    await window.page.get_by_role("button", name="Drop the connection").click()
    person("Ana").rate(recipe_id, 5)
    stack.manage("new_epoch")
    await window.page.get_by_role("button", name="Reconnect").click()

    await window.sees(recipe_id, average="5.00", count="1 rating")
    person("Ben").rate(recipe_id, 4)
    await window.sees(recipe_id, average="4.50", count="2 ratings")
