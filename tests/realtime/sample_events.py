"""Events of a channel `talk`, whose words are content and whose count is not."""

from dataclasses import dataclass
from typing import Any, ClassVar

from realtime.events import Event


@dataclass(frozen=True, kw_only=True)
class Said(Event):
    """Somebody said `words`; `word_count` have been said by now."""

    type: ClassVar[str] = "test.said"
    heard_on: ClassVar[tuple[str, ...]] = ("talk",)
    content: ClassVar[tuple[str, ...]] = ("words",)

    words: str
    word_count: int


def said(by: int, words: str = "Good soup!") -> dict[str, Any]:
    """What `store` needs to store that the person of that id said WORDS."""
    actor = {"id": by, "username": f"user-{by}", "display_name": "", "picture": None}
    return {"type": Said.type, "actor_id": by, "actor": actor, "words": words, "word_count": 2}
