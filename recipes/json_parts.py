"""JSON from elsewhere that knows which of its parts have been read, so that what was not read can be told."""

from collections.abc import Iterator
from hashlib import sha256
from typing import Any

# What identifies or orders a node, and says nothing of a recipe.
_STRUCTURE = frozenset({"@context", "@type", "@id", "@language", "position"})
_EMPTY: tuple[Any, ...] = (None, "", [], {})
# Of one document, whose parts take more memory than its text; a recipe has a few hundred.
PARTS_MAX = 50_000


class Part:
    """A value of a JSON document, under the `name` of the property that it belongs to.

    A reader either uses a part, and with it all that it holds, or asks for the parts in it. When a document has more
    than PARTS_MAX, the last ones have none in them, and so remain unused.
    """

    __slots__ = ("_is_used", "_left", "_parts", "name", "value")

    def __init__(self, value: Any, name: str = "", left: list[int] | None = None) -> None:
        self.value, self.name = value, name
        self._is_used = False
        self._left = [PARTS_MAX] if left is None else left
        self._parts: dict[str | int, Part] | None = None

    def use(self) -> Any:
        """The value, all of which becomes a part of the recipe or of a warning."""
        self._is_used = True
        return self.value

    def get(self, *names: str) -> "Part | None":
        """The first of these properties that is there and not empty. Those with the same words count as used."""
        found = None
        for name in names:
            part = self._all().get(name)
            if part is None or part.value in _EMPTY:
                continue
            if found is None:
                found = part
            elif digest_of(found.value) == digest_of(part.value):
                part.use()
        return found

    def parts(self) -> "list[tuple[str, Part]]":
        """The properties of an object, with their names."""
        return [(str(name), part) for name, part in self._all().items() if name not in _STRUCTURE]

    def items(self) -> "list[Part]":
        """The elements of a list; any other value is a list of itself."""
        return list(self._all().values()) if isinstance(self.value, list) else [self]

    def numbered(self) -> "list[Part]":
        """The values of an object whose properties are numbers ("0", "1"), in their order; else nothing."""
        if not isinstance(self.value, dict) or not self.value:
            return []
        if not all(name.isascii() and name.isdigit() and len(name) < 10 for name in self.value):
            return []
        return [part for _, part in sorted(self._all().items(), key=lambda item: int(item[0]))]

    def leads_to(self, value: Any) -> "Part":
        """The node that this reference stands for."""
        self._parts = {0: Part(value, self.name, self._left)}
        return self._parts[0]

    def unused(self) -> "Iterator[Part]":
        """The largest parts that no reader used."""
        if self._is_used or self.value in _EMPTY:
            return
        if self._parts is None:
            yield self
            return
        content = [part for name, part in self._parts.items() if name not in _STRUCTURE]
        if not content and "@id" in self._parts:  # a reference to what is not there
            yield self
        for part in content:
            yield from part.unused()

    def _all(self) -> "dict[str | int, Part]":
        value = self.value
        if self._parts is not None or not isinstance(value, dict | list):
            return self._parts or {}
        if len(value) > self._left[0]:
            return {}
        self._left[0] -= len(value)
        named = value.items() if isinstance(value, dict) else enumerate(value)
        is_list = isinstance(value, list)
        self._parts = {at: Part(inner, self.name if is_list else str(at), self._left) for at, inner in named}
        return self._parts


def digest_of(value: Any) -> bytes:
    """The same for values with the same words in the same order."""
    digest = sha256()
    for word in words_of(value):
        digest.update(word.encode(errors="replace"))
        digest.update(b"\0")
    return digest.digest()


def words_of(value: Any) -> Iterator[str]:
    """The texts and numbers in a value, in their order; the types of nodes left out."""
    waiting = [value]
    while waiting:
        value = waiting.pop()
        if isinstance(value, dict):
            waiting.extend(inner for name, inner in reversed(value.items()) if name not in ("@type", "@context"))
        elif isinstance(value, list):
            waiting.extend(reversed(value))
        elif value not in _EMPTY:
            yield str(value)
