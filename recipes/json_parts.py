"""JSON from elsewhere that knows which of its parts have been read, so that what was not read can be told."""

from collections.abc import Iterator
from typing import Any

# What identifies or orders a node, and says nothing of a recipe.
_STRUCTURE = frozenset({"@context", "@type", "@id", "@language", "position"})
_EMPTY: tuple[Any, ...] = (None, "", [], {})


class Part:
    """A value of a JSON document, under the `name` of the property that it belongs to.

    A reader either uses a part, and with it all that it holds, or asks for the parts in it.
    """

    __slots__ = ("_is_used", "_parts", "name", "value")

    def __init__(self, value: Any, name: str = "") -> None:
        self.value, self.name = value, name
        self._is_used = False
        self._parts: dict[str | int, Part] | None = None

    def use(self) -> Any:
        """The value, all of which becomes a part of the recipe or of a warning."""
        self._is_used = True
        return self.value

    def get(self, *names: str) -> "Part | None":
        """The first of these properties that is there and not empty. Those with the same words count as used."""
        found = None
        for name in names:
            part = self._all().get(name) if isinstance(self.value, dict) else None
            if part is None or part.value in _EMPTY:
                continue
            if found is None:
                found = part
            elif list(words_of(found.value)) == list(words_of(part.value)):
                part.use()
        return found

    def parts(self) -> "list[tuple[str, Part]]":
        """The properties of an object, with their names."""
        if not isinstance(self.value, dict):
            return []
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
        parts = self._all()
        return [parts[name] for name in sorted(self.value, key=int)]

    def leads_to(self, value: Any) -> "Part":
        """The node that this reference stands for."""
        self._parts = {0: Part(value, self.name)}
        return self._parts[0]

    def unused(self) -> "Iterator[Part]":
        """The largest parts that nobody read."""
        if self._is_used or self.value in _EMPTY:
            return
        if self._parts is None:
            yield self
            return
        for name, part in self._parts.items():
            if name not in _STRUCTURE:
                yield from part.unused()

    def _all(self) -> "dict[str | int, Part]":
        if self._parts is None:
            value = self.value
            if isinstance(value, dict):
                self._parts = {name: Part(inner, name) for name, inner in value.items()}
            else:
                self._parts = {at: Part(inner, self.name) for at, inner in enumerate(value)}
        return self._parts


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
