"""The schema.org/Recipe nodes of JSON-LD documents, however they are wrapped."""

from collections import deque
from collections.abc import Iterable
from typing import Any, NamedTuple

from recipes.json_parts import digest_of, words_of
from recipes.jsonld_context import types_of

# How far recipes are looked for.
NODES_MAX = 10_000
# Where a document has things of which one may be a recipe.
_LEADS_ON = ("@graph", "@list", "@set", "mainEntity", "mainEntityOfPage", "itemListElement", "item", "hasPart", "about")


class Found(NamedTuple):
    """`recipes` in their order, without those that repeat another one; `nodes`: all that were met, by their @id."""

    recipes: list[dict[str, Any]]
    nodes: dict[str, Any]


def found_in(documents: Iterable[Any]) -> Found:
    waiting, seen = deque(documents), 0
    recipes: dict[bytes, dict[str, Any]] = {}
    nodes: dict[str, Any] = {}
    while waiting and seen < NODES_MAX:
        node, seen = waiting.popleft(), seen + 1
        if isinstance(node, list):
            waiting.extend(node[:NODES_MAX])
        elif isinstance(node, dict):
            if isinstance(name := node.get("@id"), str) and node.keys() - {"@id", "@type"}:
                nodes.setdefault(name, node)
            if "Recipe" in types_of(node):
                # A reference to a recipe, or a node without a word, is none.
                content = {key: node[key] for key in node if key != "@id"}
                if any(words_of(content)):
                    recipes.setdefault(digest_of(content), node)
            else:
                waiting.extend(node[key] for key in _LEADS_ON if key in node)
    return Found(list(recipes.values()), nodes)
