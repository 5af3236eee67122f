"""The steps in `recipeInstructions`: a text, a list of texts or nodes, sections within sections."""

import re
from collections.abc import Iterator
from typing import Any

from recipes.json_parts import Part
from recipes.jsonld_context import Context, shown, types_of
from recipes.serializers import STEP_MAX, STEPS_MAX, TIMER_MAX

# How deep lists and sections lie in each other.
DEPTH_MAX = 8
_CONTENTS = ("itemListElement", "steps", "step", "@list", "@set")
_TIMES = ("performTime", "timeRequired", "totalTime")
_SECTIONS = frozenset({"HowToSection", "ItemList", "HowTo"})
_NUMBER = re.compile(r"(?:(?<=\s)|^)([0-9]{1,3})[.)]\s+(?=\D)")
_COUNTED = re.compile(r"(?:step\s*)?[0-9]{1,3}[.:)]?", re.IGNORECASE)
_SENTENCE_END = (".", "!", "?")

Step = dict[str, Any]


def steps_of(part: Part | None, context: Context) -> list[Step]:
    if part is None:
        return []
    return context.first("steps", _Steps(context).within(part), STEPS_MAX, part)


class _Steps:
    def __init__(self, context: Context) -> None:
        self._context = context

    def within(self, part: Part, depth: int = 0, *, is_all: bool = True) -> Iterator[Step]:
        """`is_all`: a text is the whole method, and its lines are the steps."""
        if depth > DEPTH_MAX:
            return
        part = self._context.resolved(part)
        if isinstance(part.value, str):
            text = self._context.plain(part)
            for line in _split(text) if is_all else [text]:
                yield from self._step(line)
        elif isinstance(part.value, list):
            items = part.items()
            for item in items:
                yield from self.within(item, depth + 1, is_all=is_all and len(items) == 1)
        elif numbered := part.numbered():
            for item in numbered:
                yield from self.within(item, depth + 1, is_all=False)
        elif isinstance(part.value, dict):
            yield from self._node(part, depth)

    def _node(self, node: Part, depth: int) -> Iterator[Step]:
        types = types_of(node.value)
        contents = [found for name in _CONTENTS if (found := node.get(name)) is not None]
        item = node.get("item")
        if item is not None:
            contents.append(item)
        if "HowToTip" in types:
            self._context.warn("steps", f"the tip {shown(node.value)} is kept as a step.")
        if not contents and types & _SECTIONS and not self._has_text(node):
            return
        if not contents:
            yield from self._step(self._named(node, self._text(node)), self._time(node))
            return
        if "HowToStep" in types and not self._has_text(node):
            yield from self._joined(node, contents, depth)
            return
        if types & _SECTIONS or not self._has_text(node):
            yield from self._section(node, contents, depth)
            return
        yield from self._step(self._named(node, self._text(node)), self._time(node))
        for content in contents:
            yield from self.within(content, depth + 1, is_all=False)

    def _section(self, node: Part, contents: list[Part], depth: int) -> Iterator[Step]:
        """A section's heading goes before its first step."""
        name = node.get("name", "headline")
        if name is not None and isinstance(name.value, dict | list):
            name = None
        # It is used when a step has it.
        heading = "" if name is None else self._context.line(Part(name.value, name.name))
        for step in self._within_section(node, contents, depth):
            if heading and name is not None:
                name.use()
                if not _says_nothing_new(heading, step["text"]):
                    self._context.warn("steps", f"the heading {shown(heading)} is kept in the words of its first step.")
                    step["text"] = self._context.cut("steps", _titled(heading, step["text"]), STEP_MAX)
                heading = ""
            yield step

    def _within_section(self, node: Part, contents: list[Part], depth: int) -> Iterator[Step]:
        if self._has_text(node):
            yield from self._step(self._text(node), self._time(node))
        for content in contents:
            yield from self.within(content, depth + 1)

    def _joined(self, node: Part, contents: list[Part], depth: int) -> Iterator[Step]:
        """A step that consists of directions and tips."""
        steps = [step for content in contents for step in self.within(content, depth + 1, is_all=False)]
        timers = [step["timer_seconds"] for step in steps if step["timer_seconds"] is not None]
        text = self._named(node, " ".join(step["text"] for step in steps))
        for step in self._step(text, self._time(node)):
            if step["timer_seconds"] is None and timers:
                step["timer_seconds"] = timers.pop(0)
            for timer in timers:
                self._context.warn("steps", f"a step has one timer: that of {timer} seconds is left out.")
            yield step

    def _has_text(self, node: Part) -> bool:
        return any(node.get(name) is not None for name in ("text", "@value", "description"))

    def _text(self, node: Part) -> str:
        texts = [self._context.text(node.get(name)) for name in ("@value", "text", "description")]
        return "\n".join(dict.fromkeys(filter(None, texts)))

    def _named(self, node: Part, text: str) -> str:
        """The step's text after its name, which many sites make of its beginning."""
        if self._context.is_ours:
            return text
        name = self._context.line(node.get("name", "headline"))
        if not text or _says_nothing_new(name, text):
            return text or name
        return _titled(name, text)

    def _time(self, node: Part) -> int | None:
        part = node.get(*_TIMES)
        seconds = self._context.seconds("steps", part)
        if part is None or seconds is None:
            return None
        timer = round(seconds)
        if 1 <= timer <= TIMER_MAX:
            return timer
        self._context.warn("steps", f"the timer {shown(part.value)} is not from a second to a week: left out.")
        return None

    def _step(self, text: str, timer: int | None = None) -> Iterator[Step]:
        if text:
            yield {"text": self._context.cut("steps", text, STEP_MAX), "timer_seconds": timer}
        elif timer is not None:
            self._context.warn("steps", f"a timer of {timer} seconds has no step: left out.")


def _says_nothing_new(name: str, text: str) -> bool:
    """Whether a name is the beginning of the text, or counts the steps."""
    if _COUNTED.fullmatch(name) is not None:
        return True
    words, begin = " ".join(text.split()), name.rstrip("\u2026.").rstrip()
    # A name that was cut short may end within a word; "Bake" does not begin "Baked beans".
    is_within_word = begin[-1:].isalnum() and words[len(begin) :][:1].isalnum()
    return words.startswith(begin) and (not is_within_word or name.endswith(("\u2026", "...")))


def _titled(name: str, text: str) -> str:
    return f"{name} {text}" if name.endswith(_SENTENCE_END) else f"{name.rstrip(':')}: {text}"


def _split(text: str) -> list[str]:
    """The lines of a text; of one line that counts its steps (`1. Sweat. 2. Stir.`) these."""
    lines = text.splitlines()
    if len(lines) != 1:
        return lines
    starts, last = [], 0
    for match in _NUMBER.finditer(text):
        if int(match[1]) == last + 1:
            starts.append(match)
            last += 1
    if len(starts) < 2 or starts[0].start() != 0:
        return lines
    ends = [*(match.start() for match in starts[1:]), len(text)]
    return [text[match.end() : end].strip() for match, end in zip(starts, ends, strict=True)]
