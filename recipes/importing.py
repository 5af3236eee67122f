"""A recipe from elsewhere: JSON-LD, a page, or the address of either, as what the author would have sent."""

from codecs import BOM_UTF8
from dataclasses import dataclass
from typing import Any, NoReturn

from core.errors import Unprocessable
from core.fetching import fetch
from core.json_reading import read_json
from recipes.jsonld_context import shown
from recipes.jsonld_finding import found_in
from recipes.jsonld_reading import Draft, draft_of, draft_of_node
from recipes.pages import Page, decoded, page_told
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
        draft = _fetched(url)
    elif html is not None:
        draft = _of_page(page_told(html))
    else:
        draft = draft_of([jsonld])
    if draft is None:
        _no_recipe()
    data = RecipeInput(data=draft.data)
    data.is_valid(raise_exception=True)
    return Import(data.validated_data, draft.warnings)


def _fetched(url: str) -> Draft | None:
    page = fetch(url, types=[*HTML_TYPES, *JSON_TYPES])
    if page.media_type in HTML_TYPES:
        return _of_page(page_told(decoded(page.body, page.charset), url=page.url))
    try:
        return draft_of([read_json(page.body.removeprefix(BOM_UTF8))])
    except ValueError:
        _no_recipe()


def _of_page(page: Page) -> Draft | None:
    """The recipe of the page's JSON-LD, of its microdata when that has more, with what its site's own reader found."""
    draft = draft_of(page.documents)
    if draft is None or not draft.size:
        described = draft_of([page.described])
        if draft is None:
            draft = described
        elif described is not None and described.size:
            described.warnings.append(f"recipe: {shown(draft.node)} in the JSON-LD of this page is left out.")
            draft = described
    if page.own is not None:
        draft = _with_own(draft, page)
    if draft is not None and page.broken:
        draft.warnings.append(f"page: scripts of JSON-LD that are not valid JSON are left out: {page.broken}.")
    return draft


def _with_own(draft: Draft | None, page: Page) -> Draft | None:
    """The recipe with what the reader of its site took from the page."""
    node = {"@type": "Recipe", **(draft.node if draft else {}), **(page.own or {})}
    own = draft_of_node(node, found_in(page.documents).nodes)
    if draft is None or own is None:
        return own or draft
    own.warnings.extend(warning for warning in draft.warnings if warning.startswith("recipe:"))
    for field in ("ingredients", "steps"):
        described, taken = len(draft.data[field]), len(own.data[field])
        if taken < described:
            own.warnings.append(f"{field}: {taken} are found in the page, and {described} in its JSON-LD.")
    return own


def _no_recipe() -> NoReturn:
    raise Unprocessable("There is no schema.org/Recipe with a name in it.", code="no_recipe")
