"""A program of its own: what the HTML of a page tells of a recipe goes out as a line of JSON (null when nothing).

Pages can be made so that reading them takes minutes or gigabytes (100,000 tags that do not end): recipes/pages.py runs
this confined (media_pipeline/confined.py). It imports nothing of Simmer, to start quickly.

    python -I recipes/page_reading.py page.html https://food.example/soup
"""

import json
import sys
import warnings
from pathlib import Path
from typing import Any

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


def told(html: str, url: str) -> dict[str, Any] | None:
    """What HTML says of a recipe, in the words of schema.org."""
    from recipe_scrapers import scrape_html, scraper_exists_for

    try:
        scraper: Any = scrape_html(html, org_url=url, supported_only=False)
    except MemoryError:
        raise
    except Exception:  # whatever its readers stumble over in other people's pages
        return None
    found = dict(scraper.schema.data)
    if scraper_exists_for(url):
        found |= {name: value for method, name in _OWN.items() if (value := _asked(scraper, method))}
        minutes = {name: _asked(scraper, method) for method, name in _MINUTES.items()}
        found |= {name: f"PT{int(value)}M" for name, value in minutes.items() if isinstance(value, int | float)}
        found.setdefault("@type", "Recipe")
    return found or None


def _asked(scraper: Any, method: str) -> Any:
    try:
        return getattr(scraper, method)()
    except Exception:  # each method of each site has its own
        return None


if __name__ == "__main__":
    path, address = sys.argv[1:]
    warnings.simplefilter("ignore")
    page = Path(path).read_bytes().decode("utf-8", errors="replace")
    sys.stdout.write(json.dumps(told(page, address), default=str))
