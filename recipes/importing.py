"""A recipe from elsewhere: JSON-LD, a page, or the address of either, as what the author would have sent."""

from dataclasses import dataclass
from typing import Any, NoReturn

from core.errors import Unprocessable
from core.fetching import fetch
from core.json_reading import read_json
from recipes.jsonld_reading import draft_of, recipe_node
from recipes.pages import decoded, page_recipe
from recipes.serializers import RecipeInput
from recipes.services import RecipeContent

JSON_TYPES = ("application/ld+json", "application/json")
HTML_TYPES = ("text/html", "application/xhtml+xml")


@dataclass(frozen=True, slots=True)
class Import:
    """What was found, checked as any author's input is, and what of it did not fit."""

    content: RecipeContent
    warnings: list[str]


def recipe_import(*, jsonld: Any = None, html: str | None = None, url: str | None = None) -> Import:
    """The recipe of one of the three. A URL is fetched, which takes seconds: not within a transaction.

    Raises Unprocessable (`no_recipe`, and what core/fetching.py has for a URL) and DRF's ValidationError.
    """
    if url is not None:
        node = _fetched(url)
    elif html is not None:
        node = page_recipe(html)
    else:
        node = recipe_node(jsonld)
    draft = draft_of(node) if node else None
    if draft is None:
        _no_recipe()
    data = RecipeInput(data=draft.data)
    data.is_valid(raise_exception=True)
    return Import(data.validated_data, draft.warnings)


def _fetched(url: str) -> dict[str, Any] | None:
    page = fetch(url, types=[*HTML_TYPES, *JSON_TYPES])
    if page.media_type in HTML_TYPES:
        return page_recipe(decoded(page.body, page.charset), url=page.url)
    try:
        return recipe_node(read_json(page.body))
    except ValueError:
        _no_recipe()


def _no_recipe() -> NoReturn:
    raise Unprocessable("There is no schema.org/Recipe with a name in it.", code="no_recipe")
