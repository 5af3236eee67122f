"""A program of its own: what the HTML of a page tells of recipes goes out as a line of JSON.

    {"documents": [...], "broken": 0, "described": {...} or null, "own": {...} or null}

`documents` are the page's JSON-LD, read as sites write it; `broken` is the number of scripts that are not JSON-LD.
`described` is what the page says of a recipe in other ways (microdata), as a schema.org/Recipe. `own` is what the
reader that recipe-scrapers has for this site alone takes from the page, in the words of schema.org.

Pages can be made so that reading them takes minutes or gigabytes (100,000 tags that do not end): recipes/pages.py runs
this confined (media_pipeline/confined.py). It imports nothing of Simmer, to start quickly.

    python -I recipes/page_reading.py page.html https://food.example/soup
"""

import html
import json
import math
import re
import sys
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

# What a site's own reader says better than the site's description of itself, and what schema.org calls it.
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

_SCRIPT = re.compile(r"<script\b([^<>]*)>", re.IGNORECASE)
_SCRIPT_END = re.compile(r"</script", re.IGNORECASE)
_JSON_LD = re.compile(r"type\s*=\s*[\"']?\s*application/ld\+json\b", re.IGNORECASE)
# What stands around and between objects: comments, CDATA and their marks, a BOM (also one that was decoded wrongly).
_AROUND = re.compile(r"(?:[\s;,\ufeff]|\u00ef\u00bb\u00bf|<!--|-->|//|/\*|\*/|<!\[CDATA\[|\]\]>)*")
DEPTH_MAX = 100
# How often a whole script may be encoded as HTML.
_ENCODED = 2


def told(page: str, url: str) -> dict[str, Any]:
    scripts = [(start, end, *documents_in(page[start:end])) for start, end in _scripts(page)]
    documents = [document for _, _, found, _ in scripts for document in found]
    is_enough = _says_enough(documents)
    described, own = _scraped(_rewritten(page, scripts, is_enough), url, is_needed=not is_enough)
    broken = sum(not is_whole for _, _, _, is_whole in scripts)
    return {"documents": documents, "broken": broken, "described": described, "own": own}


def _rewritten(page: str, scripts: list[tuple[int, int, list[Any], bool]], is_enough: bool) -> str:
    """The page with its JSON-LD as plain JSON, for the readers of recipe-scrapers stumble over everything else.

    Where the JSON-LD does not say enough it is taken out, for they would not look further.
    """
    pieces, at = [], 0
    for start, end, found, _ in scripts:
        text = json.dumps(found[0] if len(found) == 1 else found) if is_enough else "[]"
        pieces += [page[at:start], text.replace("</", "<\\/")]
        at = end
    return "".join([*pieces, page[at:]])


def _scripts(page: str) -> Iterator[tuple[int, int]]:
    """Where the content of each script of JSON-LD begins and ends."""
    at = 0
    while opening := _SCRIPT.search(page, at):
        ending = _SCRIPT_END.search(page, opening.end())
        at = ending.start() if ending else len(page)
        if _JSON_LD.search(html.unescape(opening[1])):
            yield opening.end(), at


def documents_in(script: str) -> tuple[list[Any], bool]:
    """The JSON values in a script, and whether they are all that it holds."""
    for _ in range(_ENCODED + 1):
        found, is_whole = _values(script)
        if found or is_whole:
            return found, is_whole
        script = html.unescape(script)
    return [], False


def _values(script: str) -> tuple[list[Any], bool]:
    found: list[Any] = []
    at = _after_noise(script, 0)
    while at < len(script):
        try:
            value, at = _DECODER.raw_decode(script, at)
        except (ValueError, RecursionError):
            return found, False
        if _is_deep(value):
            return found, False
        found.append(value)
        at = _after_noise(script, at)
    return found, True


def _is_deep(value: Any) -> bool:
    """Whether more than DEPTH_MAX lists and objects lie in each other."""
    level = [value] if isinstance(value, dict | list) else []
    for _ in range(DEPTH_MAX):
        level = [
            inner
            for outer in level
            for inner in (outer.values() if isinstance(outer, dict) else outer)
            if isinstance(inner, dict | list)
        ]
        if not level:
            return False
    return True


def _after_noise(script: str, at: int) -> int:
    noise = _AROUND.match(script, at)
    return noise.end() if noise else at


def _whole(digits: str) -> int | float | None:
    return int(digits) if len(digits) <= 15 else _real(digits)


def _real(digits: str) -> float | None:
    number = float(digits)
    return number if math.isfinite(number) else None


# Line breaks within texts are taken, and numbers that JSON has none of are null.
_DECODER = json.JSONDecoder(strict=False, parse_int=_whole, parse_float=_real, parse_constant=lambda _: None)


def _says_enough(documents: list[Any]) -> bool:
    text = json.dumps(documents)
    return '"recipeInstructions"' in text and '"recipeIngredient"' in text


def _scraped(page: str, url: str, *, is_needed: bool) -> tuple[dict[str, Any] | None, dict[str, Any] | None]:
    """What recipe-scrapers finds: in the page's own description of itself, and by the rules for its site."""
    from recipe_scrapers import SCRAPERS, scrape_html

    site = SCRAPERS.get((urlsplit(url).hostname or "").removeprefix("www."))
    if site is None and not is_needed:
        return None, None
    # Before it is used, for then it has methods that read the description.
    methods = set() if site is None else _own_methods(site)
    try:
        scraper: Any = scrape_html(page, org_url=url, supported_only=False)
    except MemoryError:
        raise
    except Exception:  # whatever its readers stumble over in other people's pages
        return None, None
    own = {_OWN[method]: value for method in _OWN if method in methods and (value := _asked(scraper, method))}
    for method, name in _MINUTES.items():
        if method in methods and isinstance(value := _asked(scraper, method), int | float):
            own[name] = f"PT{int(value)}M"
    return dict(scraper.schema.data) or None, own or None


def _own_methods(scraper: Any) -> set[str]:
    """The methods that this site's scraper has of its own."""
    named: set[str] = set()
    for kind in scraper.__mro__:
        if kind.__name__ == "AbstractScraper":
            break
        named |= set(vars(kind))
    return named | ({"instructions_list"} if "instructions" in named else set())


def _asked(scraper: Any, method: str) -> Any:
    try:
        return getattr(scraper, method)()
    except Exception:  # each method of each site has its own
        return None


if __name__ == "__main__":
    path, address = sys.argv[1:]
    warnings.simplefilter("ignore")
    text = Path(path).read_bytes().decode("utf-8", errors="replace")
    line = json.dumps(told(text, address), default=str, ensure_ascii=False)
    # Halves of surrogate pairs, which JSON may spell, are in no text.
    sys.stdout.buffer.write(line.encode("utf-8", errors="replace"))
