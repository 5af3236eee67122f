"""Likes and comments are counted on the card and told in the news, without a reload."""

from collections.abc import Callable

import pytest
from playwright.async_api import expect

from tests.browser.conftest import OpenWindow, Person

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def test_likes_and_comments_move_the_card_and_the_news(
    open_window: OpenWindow, person: Callable[..., Person]
) -> None:
    recipe_id = person("Rosa", role="seller").publish("Quince jelly")
    ana = person("Ana").client
    window = await open_window()
    card = window.card(recipe_id)
    await expect(card.locator(".talk")).to_have_text("0 likes · 0 comments")

    assert ana.put(f"/api/recipes/{recipe_id}/like/").is_success
    await expect(card.locator(".talk")).to_have_text("1 like · 0 comments")
    assert ana.post(f"/api/recipes/{recipe_id}/comments/", json={"text": "Which quinces?"}).is_success
    await expect(card.locator(".talk")).to_have_text("1 like · 1 comment")
    news = "\n".join(await window.news())
    assert "Ana likes Quince jelly" in news
    assert "Ana on Quince jelly: “Which quinces?”" in news

    assert ana.delete(f"/api/recipes/{recipe_id}/like/").is_success
    await expect(card.locator(".talk")).to_have_text("0 likes · 1 comment")
    again = await open_window()
    await expect(again.card(recipe_id).locator(".talk")).to_have_text("0 likes · 1 comment")
