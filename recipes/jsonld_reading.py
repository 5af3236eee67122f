"""schema.org/Recipe read as the recipe that a client would send (RecipeInput), with warnings of what does not fit.

Pure and forgiving, for each site writes it in a way of its own. Nothing is lost silently: the readers work on parts
that know whether they were read (recipes/json_parts.py), and what was not read becomes a warning. A warning begins with
the field that it is about: one of ours, or the property of schema.org that recipes have no field for.
"""

from collections.abc import Iterable, Iterator
from fractions import Fraction
from typing import Any, NamedTuple

from recipes.filters import SERVINGS_MAX
from recipes.json_parts import Part
from recipes.jsonld import PUBLISHER
from recipes.jsonld_context import Context, shown
from recipes.jsonld_finding import found_in
from recipes.jsonld_ingredients import ingredients_of
from recipes.jsonld_steps import steps_of
from recipes.serializers import DESCRIPTION_MAX, MINUTES_MAX, NAME_MAX, TAGS_MAX
from recipes.tags import TAG_MAX, normal_tag
from recipes.yields import yield_of

# What we call the properties that recipes have fields for.
_FIELDS = {
    **dict.fromkeys(("recipeIngredient", "ingredients", "supply"), "ingredients"),
    "recipeInstructions": "steps",
    **dict.fromkeys(("recipeYield", "yield"), "servings"),
    **dict.fromkeys(("keywords", "recipeCategory", "recipeCuisine"), "tags"),
    "prepTime": "prep_minutes",
    **dict.fromkeys(("cookTime", "totalTime"), "cook_minutes"),
}
# What this program writes about a recipe beside what its author wrote.
_OURS = (
    *("url", "author", "datePublished", "dateModified", "aggregateRating", "sdPublisher", "isAccessibleForFree"),
    *("totalTime", "supply"),
)
# How many recipes of a source are read, and how many that are left out are named.
RECIPES_MAX, _SHOWN_NAMES = 100, 5
_YIELD_MAX = 200


class Draft(NamedTuple):
    """`data` is for RecipeInput. `size`: how many ingredients and steps it has."""

    node: dict[str, Any]
    data: dict[str, Any]
    warnings: list[str]

    @property
    def size(self) -> int:
        return len(self.data["ingredients"]) + len(self.data["steps"])


def draft_of(documents: Iterable[Any]) -> Draft | None:
    """Of the recipes in these JSON-LD documents the one with most ingredients and steps; None without a named one."""
    recipes, nodes = found_in(documents)
    drafts = [draft for recipe in recipes[:RECIPES_MAX] if (draft := draft_of_node(recipe, nodes)) is not None]
    if not drafts:
        return None
    best = max(drafts, key=lambda draft: draft.size)
    others = [recipe for recipe in recipes if recipe is not best.node]
    if others:
        names = ", ".join(shown(recipe.get("name") or "without a name") for recipe in others[:_SHOWN_NAMES])
        more = f" and {len(others) - _SHOWN_NAMES} more" if len(others) > _SHOWN_NAMES else ""
        best.warnings.insert(0, f"recipe: other recipes of this source are left out: {names}{more}.")
    return best


def draft_of_node(node: dict[str, Any], nodes: dict[str, Any]) -> Draft | None:
    """The recipe of one node, which may refer to others of `nodes` by their @id; None when it has no name."""
    publisher = node.get("sdPublisher")
    is_ours = isinstance(publisher, dict) and publisher.get("name") == PUBLISHER
    return _Reading(Part(node), Context(nodes, is_ours=is_ours)).draft()


class _Reading:
    def __init__(self, node: Part, context: Context) -> None:
        self._node, self._context = node, context

    def draft(self) -> Draft | None:
        node, context = self._node, self._context
        name = context.cut("name", context.line(node.get("name")), NAME_MAX)
        if not name or not context.is_visible("name", name):
            return None
        data: dict[str, Any] = {"name": name}
        if description := context.text(node.get("description")):
            data["description"] = context.cut("description", description, DESCRIPTION_MAX)
        data["servings"] = self._servings(node.get("recipeYield", "yield"))
        data["prep_minutes"], data["cook_minutes"] = self._times()
        data["tags"] = list(self._tags())
        lines = node.get("recipeIngredient", "ingredients") or node.get("supply")
        data["ingredients"] = ingredients_of(lines, node.get("supply"), context)
        data["steps"] = steps_of(node.get("recipeInstructions"), context)
        if context.is_ours:
            if node.value.get("isAccessibleForFree") is False:
                data["visibility"] = "premium"
            for known in _OURS:
                if (part := node.get(known)) is not None:
                    part.use()
        if (image := node.get("image")) is not None:
            image.use()
            context.warn("image", "pictures are not fetched; add one by PATCH.")
        context.warn_of_unused(node, _FIELDS)
        return Draft(node.value, data, context.warnings())

    # --- numbers and times ---

    def _servings(self, part: Part | None) -> int | None:
        if part is None:
            return None
        found: list[tuple[Part, str, Fraction, str]] = []
        for item in part.items():
            inner = (item.get("value", "minValue", "@value", "name") or item) if isinstance(item.value, dict) else item
            text = self._context.line(inner)[:_YIELD_MAX]
            if text and (read := yield_of(text)) is not None:
                found.append((item, text, read.number, read.rest))
            elif text and len(part.items()) > 1:
                self._context.warn("servings", f"{shown(text)} is left out.")
        if not found:
            self._context.warn("servings", f"{shown(part.use())} has no number: left out.")
            return None
        _, text, number, rest = found[0]
        for _, other, value, _ in found[1:]:
            if value != number:
                self._context.warn("servings", f"{shown(other)} is left out.")
        if not 1 <= number <= SERVINGS_MAX:
            self._context.warn("servings", f"{shown(text)} is not from 1 to {SERVINGS_MAX}: left out.")
            return None
        if rest or number.denominator != 1:
            self._context.warn("servings", f"{int(number)} is taken of {shown(text)}{f': {rest}' if rest else ''}.")
        return int(number)

    def _times(self) -> tuple[int | None, int | None]:
        """Minutes of preparing and of cooking. What only the total has is cooking."""
        prep, cook = self._minutes("prepTime", "prep_minutes"), self._minutes("cookTime", "cook_minutes")
        if self._context.is_ours or self._node.get("totalTime") is None:
            return prep, cook
        total = self._minutes("totalTime", "cook_minutes")
        rest = None if total is None else total - (prep or 0)
        if rest is None or rest == (cook or 0):
            return prep, cook
        if not cook and rest > 0:
            self._context.warn("cook_minutes", f"{rest}, which is the total time without that of preparing.")
            return prep, rest
        self._context.warn("cook_minutes", f"totalTime of {total} minutes is not prepTime and cookTime: left out.")
        return prep, cook

    def _minutes(self, name: str, field: str) -> int | None:
        part = self._node.get(name)
        seconds = self._context.seconds(field, part)
        if part is not None and seconds is not None and seconds > MINUTES_MAX * 60:
            self._context.warn(field, f"{shown(part.value)} is longer than a year: left out.")
            return None
        return None if seconds is None else round(seconds / 60)

    # --- tags ---

    def _tags(self) -> list[str]:
        parts = [self._node.get(name) for name in ("keywords", "recipeCategory", "recipeCuisine")]
        names = self._tag_names(part for part in parts if part is not None)
        taken = []
        for name in names:
            taken.append(name)
            if len(taken) > TAGS_MAX:
                self._context.warn("tags", f"only the first {TAGS_MAX} are taken.")
                for part in parts:
                    if part is not None:
                        part.use()
                break
        return taken[:TAGS_MAX]

    def _tag_names(self, parts: Iterable[Part]) -> Iterator[str]:
        """Normal names, each once."""
        seen = {""}
        for part in parts:
            for text in self._keywords(part):
                # Longer than a tag however it is written, and not worth normalizing.
                name = normal_tag(text) if len(text) <= 4 * TAG_MAX else text
                if len(name) > TAG_MAX:
                    self._context.warn("tags", f"{shown(name)} is longer than {TAG_MAX} characters: left out.")
                elif name not in seen:
                    seen.add(name)
                    if self._context.is_visible("tags", name):
                        yield name

    def _keywords(self, part: Part) -> Iterator[str]:
        """The texts of a list, or of a text with commas. Those of ours are whole, for a tag may have a comma."""
        for item in part.items():
            text = self._context.line(item)
            yield from [text] if self._context.is_ours else text.split(",")
