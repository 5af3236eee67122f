"""The recipe of a web page, by recipe-scrapers: it knows some six hundred sites, and reads what the others say of
themselves (JSON-LD or microdata of schema.org)."""

import codecs
import logging
from typing import Any

from recipes.jsonld_reading import recipe_node

# The address of a page whose own is not known: no site has it.
NOWHERE = "https://nowhere.invalid/"

log = logging.getLogger(__name__)

# What a site's own reader says better than the site's description of itself, and what it is called there.
_OWN = {
    "title": "name",
    "description": "description",
    "yields": "recipeYield",
    "ingredients": "recipeIngredient",
    "instructions_list": "recipeInstructions",
    "keywords": "keywords",
    "category": "recipeCategory",
    "cuisine": "recipeCuisine",
    "image": "image",
}
_MINUTES = {"prep_time": "prepTime", "cook_time": "cookTime", "total_time": "totalTime"}
# Python knows more codecs than the web does; some take a time that grows with the square of the text.
_CODECS = ("utf", "iso8859", "cp125", "cp1252", "latin", "ascii", "gb", "big5", "euc", "shift_jis", "koi8", "mac-roman")


def page_recipe(html: str, *, url: str = NOWHERE) -> dict[str, Any] | None:
    """What HTML (from URL, if that is known) tells, as a schema.org/Recipe; None when that is no recipe."""
    if "<" not in html:
        return None
    # 60 MB and half a second, which only processes that read a page pay.
    from recipe_scrapers import scrape_html, scraper_exists_for

    try:
        scraper: Any = scrape_html(html, org_url=url, supported_only=False)
    except Exception as error:  # whatever its readers stumble over in other people's pages
        log.info("page_without_recipe error=%s", type(error).__name__)
        return None
    told: dict[str, Any] = recipe_node(scraper.schema.data) or {}
    if scraper_exists_for(url):
        told = {**told, **_own(scraper)}
    return told or None


def decoded(body: bytes, charset: str | None) -> str:
    """BODY as text: by the header's CHARSET, else by what the page says of itself, else UTF-8."""
    from bs4.dammit import EncodingDetector

    name = charset or EncodingDetector.find_declared_encoding(body, is_html=True) or "utf-8"
    try:
        codec = codecs.lookup(name).name
    except LookupError:
        codec = "utf-8"
    return body.decode(codec if codec.startswith(_CODECS) else "utf-8", errors="replace")


def _own(scraper: Any) -> dict[str, Any]:
    found = {name: _asked(scraper, method) for method, name in _OWN.items()}
    for method, name in _MINUTES.items():
        if isinstance(minutes := _asked(scraper, method), int | float):
            found[name] = f"PT{int(minutes)}M"
    return {name: value for name, value in found.items() if value}


def _asked(scraper: Any, method: str) -> Any:
    try:
        return getattr(scraper, method)()
    except Exception as error:  # each method of each site has its own
        log.debug("page_part_missing part=%s error=%s", method, type(error).__name__)
        return None
