"""A recipe as schema.org/Recipe in JSON-LD, as search engines and other programs for recipes read it.

Nothing is lost in it: recipes/jsonld_reading.py makes the same recipe of it again. What schema.org has no plain text
for rides along in words that it has: the parts of an ingredient line as `supply`, a step's timer as `timeRequired`.
"""

from collections.abc import Mapping
from typing import Any
from urllib.parse import urljoin

from recipes.quantities import Line, compose, to_quantity

CONTEXT = "https://schema.org"
# Says that the texts within are plain: of other publishers some hold HTML.
PUBLISHER = "Simmer"


def recipe_jsonld(recipe: Mapping[str, Any], *, base: str, is_scaled: bool = False) -> dict[str, Any]:
    """RECIPE as its detail shows it to a viewer (recipes/shapes.py). BASE: the URL that relative ones start from.

    The raw lines of a scaled one are for another number of people: those with a quantity are written from their parts.
    """
    person, prep, cook = recipe["seller"], recipe["prep_minutes"], recipe["cook_minutes"]
    found = {
        "@context": CONTEXT,
        "@type": "Recipe",
        "url": urljoin(base, f"/api/recipes/{recipe['id']}/"),
        "name": recipe["name"],
        "description": recipe["description"],
        "image": _images(recipe["image"], base),
        "author": {
            "@type": "Person",
            "name": person["display_name"] or person["username"],
            "alternateName": person["username"],
            "url": urljoin(base, f"/api/users/{person['username']}/"),
        },
        "datePublished": recipe["created_at"],
        "dateModified": recipe["updated_at"],
        "recipeYield": None if recipe["servings"] is None else str(recipe["servings"]),
        "prepTime": _duration(prep),
        "cookTime": _duration(cook),
        "totalTime": None if prep is None and cook is None else _duration((prep or 0) + (cook or 0)),
        "keywords": recipe["tags"],
        "recipeIngredient": [_line(line, is_scaled) for line in recipe["ingredients"]],
        "supply": [_supply(line) for line in recipe["ingredients"]],
        "recipeInstructions": [_step(step) for step in recipe["steps"]],
        "aggregateRating": _rating(recipe),
        "isAccessibleForFree": recipe["visibility"] == "public",
        "sdPublisher": {"@type": "Organization", "name": PUBLISHER},
    }
    return {name: value for name, value in found.items() if value not in (None, "", [])}


def _images(image: Mapping[str, Any] | None, base: str) -> list[str]:
    """All sizes, the largest first; none while the picture is being resized."""
    if image is None or image["url"] is None:
        return []
    sizes = sorted(image["renditions"].values(), key=lambda rendition: -rendition["width"])
    urls = [image["url"], *(rendition["url"] for rendition in sizes)]
    return list(dict.fromkeys(urljoin(base, url) for url in urls))


def _duration(minutes: int | None) -> str | None:
    """ISO 8601: 95 is PT1H35M."""
    if minutes is None:
        return None
    hours, rest = divmod(minutes, 60)
    return f"PT{hours}H{rest}M" if hours and rest else f"PT{hours}H" if hours else f"PT{rest}M"


def _line(line: Mapping[str, Any], is_scaled: bool) -> str:
    raw: str = line["raw"]
    if not is_scaled or line["quantity"] is None:
        return raw
    low, high = (None if line[end] is None else to_quantity(line[end]) for end in ("quantity", "quantity_max"))
    return compose(Line(raw, low, high, unit=line["unit"], food=line["food"], note=line["note"]))


def _supply(line: Mapping[str, Any]) -> dict[str, Any]:
    supply: dict[str, Any] = {"@type": "HowToSupply", "position": line["position"], "name": line["food"]}
    if line["note"]:
        supply["description"] = line["note"]
    if line["quantity"] is not None or line["unit"]:
        amount: dict[str, Any] = {"@type": "QuantitativeValue"}
        if line["quantity"] is not None:
            amount["value"] = line["quantity"]
        if line["quantity_max"] is not None:
            amount["maxValue"] = line["quantity_max"]
        if line["unit"]:
            amount["unitText"] = line["unit"]
        supply["requiredQuantity"] = amount
    return supply


def _step(step: Mapping[str, Any]) -> dict[str, Any]:
    found = {"@type": "HowToStep", "position": step["position"], "text": step["text"]}
    if step["timer_seconds"] is not None:
        found["timeRequired"] = f"PT{step['timer_seconds']}S"
    return found


def _rating(recipe: Mapping[str, Any]) -> dict[str, Any] | None:
    if not recipe["rating_count"]:
        return None
    return {
        "@type": "AggregateRating",
        "ratingValue": recipe["avg_rating"],
        "ratingCount": recipe["rating_count"],
        "bestRating": 5,
        "worstRating": 1,
    }
