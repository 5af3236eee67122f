"""The digest as a mail program shows it: on a phone and on a desk, by day and by night.

With `PICTURES=docs` its picture in docs/operations.md is made anew.
"""

import os
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import timedelta
from io import BytesIO
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import orjson
import pytest
import pytest_asyncio
from django.conf import settings
from PIL import Image
from playwright.async_api import Browser, Page, Route, expect

from accounts.models import Follow, User
from accounts.services.follows import follow
from posts.models import Post
from recipes import demo
from recipes.demo.photos import draw_dish
from recipes.models import Recipe
from recipes.services import recipe_create
from tests.browser.test_layout import CONTRAST
from tests.factories import SellerFactory, UserFactory
from tests.jobs import run_jobs
from tests.mailbox import Mailbox, html_of
from tests.posts.digests.conftest import MORNING, Clock, clock, rate, reader_in, tick  # noqa: F401  a fixture

# The session's loop runs the browser; what is written to the database is written by fixtures, outside of it.
pytestmark = [pytest.mark.asyncio(loop_scope="session"), pytest.mark.django_db(transaction=True)]
LONG = "Rindfleischetikettierungsüberwachungsaufgaben" * 2
DISHES = {
    dish["name"]: dish for dish in orjson.loads((Path(demo.__file__).parent / "content.json").read_bytes())["recipes"]
}
NEW, BEST, LOCKED = ("Shakshuka", "Miso aubergine", "Bigos"), ("Cacio e pepe", "Żurek"), "Bigos"

# One line for each fault in how a mail looks, and how many texts were looked at.
FAULTS = (
    "() => { const contrast = "
    + CONTRAST
    + """;
  const faults = [];
  let texts = 0;
  const told = (element) => element.innerText?.trim().slice(0, 30) || element.tagName;
  const wide = document.documentElement.clientWidth;
  if (document.documentElement.scrollWidth > wide) faults.push(`scrolls to ${document.documentElement.scrollWidth}`);
  for (const element of document.body.querySelectorAll("*")) {
    const box = element.getBoundingClientRect();
    if (!element.checkVisibility({ opacityProperty: true })) continue;
    if (box.left < 0 || box.right > wide + 0.5) {
      faults.push(`${told(element)} reaches from ${box.left} to ${box.right}`);
    }
    if (![...element.childNodes].some((node) => node.nodeType === 3 && node.data.trim())) continue;
    texts++;
    const size = parseFloat(getComputedStyle(element).fontSize);
    if (size < 14) faults.push(`${told(element)} is written in ${size} px`);
    const ratio = contrast(element);
    if (ratio < 4.5) faults.push(`${told(element)} is faint: ${ratio.toFixed(2)}`);
  }
  for (const image of document.images) {
    if (!image.complete || image.naturalWidth < 2 * image.width) faults.push(`no sharp picture: ${image.src}`);
  }
  return [faults, texts, document.images.length];
}"""
)


def publish(name: str, *, hours: int, seller: User, **changes: Any) -> Recipe:
    """A recipe of the demo with its picture, announced so many hours before the morning."""
    dish = DISHES.get(name, DISHES[NEW[0]])
    content = {
        "name": name,
        **{field: dish[field] for field in ("description", "servings", "prep_minutes", "cook_minutes")},
        "image": draw_dish(name, dish["kind"], eggs="eggs" in dish["tags"]),
        **changes,
    }
    recipe = recipe_create(user=seller, content=content)  # type: ignore[arg-type]
    at = MORNING - timedelta(hours=hours)
    Recipe.objects.filter(pk=recipe.pk).update(created_at=at)
    Post.objects.filter(announces=recipe).update(published_at=at)
    return recipe


def sent(mailbox: Mailbox, reader: User) -> str:
    """The HTML of the mail that READER got this morning."""
    run_jobs()  # the pictures
    tick()
    [message] = mailbox.to(reader.email)
    return html_of(message)


@pytest.fixture
def digest(clock: Clock, mailbox: Mailbox) -> str:  # noqa: F811
    """New recipes, one of them locked and one without a picture, two that were rated well, and a notification."""
    ann = reader_in(username="ann", display_name="Ann")
    marta, luca = SellerFactory(display_name="Marta Kowalska"), SellerFactory(display_name="Luca Ferri")
    Follow.objects.create(follower=ann, followee=marta)
    for hours, name in enumerate(NEW, 1):
        visibility = Recipe.Visibility.PREMIUM if name == LOCKED else Recipe.Visibility.PUBLIC
        publish(name, hours=hours, seller=marta, visibility=visibility)
    publish("Sorrel soup", hours=4, seller=marta, image=None, description="No picture yet: it went too fast.")
    for times, name in enumerate(BEST, 8):
        rate(publish(name, hours=60, seller=luca), 5, at=MORNING - timedelta(hours=3), times=times)
    follow(follower=UserFactory(), followee=ann)
    return sent(mailbox, ann)


@pytest.fixture
def long_digest(clock: Clock, mailbox: Mailbox) -> str:  # noqa: F811
    """More recipes than a mail shows, in words that know no end."""
    ann = reader_in(username="ann", display_name=LONG[:80])
    seller = SellerFactory(display_name=LONG[:80])
    Follow.objects.create(follower=ann, followee=seller)
    for hours in range(1, 10):
        recipe = publish(LONG, hours=hours, seller=seller, description=LONG * 3, prep_minutes=9_999_999)
        rate(recipe, 5, at=MORNING - timedelta(minutes=1), times=1)
    return sent(mailbox, ann)


Opened = Callable[..., Awaitable[Page]]


@pytest_asyncio.fixture(loop_scope="session")
async def opened(browser: Browser) -> AsyncIterator[Opened]:
    """`await opened(html, width=360, scheme="dark")`: the mail with its pictures, without JavaScript of its own."""
    contexts = []

    async def open_mail(html: str, *, width: int, scheme: str) -> Page:
        # Twice the pixels, as on phones: pictures have to be sharp there.
        context = await browser.new_context(
            viewport={"width": width, "height": 900}, color_scheme=scheme, device_scale_factor=2
        )  # type: ignore[arg-type]
        contexts.append(context)
        page = await context.new_page()

        async def from_disk(route: Route) -> None:
            path = urlsplit(route.request.url).path.removeprefix(settings.MEDIA_URL)
            await route.fulfill(path=Path(settings.MEDIA_ROOT) / path)

        await page.route(f"{settings.PUBLIC_URL}{settings.MEDIA_URL}**", from_disk)
        await page.set_content(html, wait_until="load")
        return page

    yield open_mail
    for context in contexts:
        await context.close()


async def test_it_can_be_read_on_a_phone_and_a_desk_by_day_and_night(
    digest: str, opened: Opened, tmp_path: Path
) -> None:
    looks = {}
    for scheme in ("light", "dark"):
        for width in (360, 640):
            page = await opened(digest, width=width, scheme=scheme)
            faults, texts, pictures = await page.evaluate(FAULTS)
            assert not faults, f"{width} px, {scheme}"
            assert texts > 20 and pictures == len(NEW) + len(BEST)
            way_out = page.get_by_role("link", name="Send me no more of these")
            await expect(way_out).to_be_visible()
            assert "/account/unsubscribe/?token=" in (await way_out.get_attribute("href") or "")
            looks[scheme, width] = await page.screenshot(full_page=True)
    assert looks["light", 360] != looks["dark", 360]
    beside_each_other(looks["light", 640], looks["dark", 360]).save(
        Path(os.environ.get("PICTURES", tmp_path)) / "digest.png", optimize=True
    )


async def test_the_longest_words_break(long_digest: str, opened: Opened) -> None:
    assert "And more on your feed" in long_digest
    for width in (320, 360, 640):
        page = await opened(long_digest, width=width, scheme="light")
        faults, _, pictures = await page.evaluate(FAULTS)
        assert not faults, f"{width} px"
        assert pictures == 8


def beside_each_other(*pngs: bytes) -> Image.Image:
    """One picture of them, the upper edges in a line, at half of their pixels and with few colours."""
    pictures = [Image.open(BytesIO(png)).convert("RGBA").reduce(2) for png in pngs]
    gap = 24
    width = sum(picture.width for picture in pictures) + gap * (len(pictures) - 1)
    whole = Image.new("RGBA", (width, max(picture.height for picture in pictures)), (0, 0, 0, 0))
    left = 0
    for picture in pictures:
        whole.paste(picture, (left, 0))
        left += picture.width + gap
    return whole.quantize(256, method=Image.Quantize.FASTOCTREE)
