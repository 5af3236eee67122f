"""The base of every event, and handlers that react to one inside the same transaction.

An event is a frozen dataclass in an app's `events.py`, named in the past tense, recorded only by services:

    @dataclass(frozen=True, kw_only=True)
    class RatingCreated(Event):
        type: ClassVar[str] = "rating.created"
        heard_on: ClassVar[tuple[str, ...]] = ("recipe:{recipe_id}",)

        recipe_id: int
        score: int
        avg_rating: float | None
        rating_count: int

The dataclass fields, `type`, `at` and `actor` are what clients receive as `data`. Values are absolute (the new average,
the new count), so a replay does no harm.
"""

from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, fields
from enum import IntFlag
from functools import cache
from string import Formatter
from typing import Any, ClassVar, TypedDict, TypeVar


class Reauthorize(IntFlag):
    """Whose rights are checked again once an event has been delivered, before they receive what follows it
    (realtime/fence.py). It travels on the bus as a number.
    """

    NOBODY = 0
    # The readers of its channel. On an inbox: whether the sessions of its user live, and who is hidden from them.
    READERS = 1
    # On an inbox: that, and all subscriptions of its user. Nothing on other channels.
    PERSON = 2


class Actor(TypedDict):
    """Who did it, as clients see them."""

    id: int
    username: str
    display_name: str
    picture: str | None


@dataclass(frozen=True, kw_only=True)
class Event:
    """Something that happened.

    Subclasses set `type`, and `heard_on`: the channels, with the event's fields in braces.
    """

    type: ClassVar[str] = ""
    heard_on: ClassVar[tuple[str, ...]] = ()
    # After this event has been delivered, the readers of its channel are asked for their right again.
    reauthorize: ClassVar[bool] = False
    # After this event has been delivered on somebody's inbox, all rights of that person's connections are asked again,
    # and whose words are hidden from them.
    reauthorize_reader: ClassVar[bool] = False
    # Fields that a reader who blocks or mutes the actor or the author receives as null, like the actor itself.
    content: ClassVar[tuple[str, ...]] = ()

    actor: Actor | None
    # The user whose content the event carries. Required where that may be another user than the actor, or where there
    # is no actor: the server redacts the event for readers who block or mute this user. Never sent to clients.
    content_author_id: int | None = None

    def channels(self) -> list[str]:
        """The channels of this very event: one numbered copy goes to each.

        A template with a field that is None names no channel: `recipe:{recipe_id}` of a like that is no recipe's.
        """
        named = {name: value for name, value in vars(self).items() if value is not None}
        return [channel.format_map(named) for channel in self.heard_on if _names(channel) <= named.keys()]

    def payload(self) -> dict[str, Any]:
        """The event's own fields (JSON types only), without `type`, `at` and `actor`."""
        return {name: getattr(self, name) for name in own_fields(type(self))}


def own_fields(event_class: type[Event]) -> tuple[str, ...]:
    """The names of the fields that clients receive beside `type`, `at` and `actor`."""
    return tuple(field.name for field in fields(event_class) if field.name not in ("actor", "content_author_id"))


@cache
def _names(template: str) -> set[str]:
    """The fields in braces."""
    return {name for _, name, _, _ in Formatter().parse(template) if name}


EVENTS: dict[str, type[Event]] = {}
E = TypeVar("E", bound=Event)
_handlers: dict[type[Event], list[Callable[[Any], None]]] = defaultdict(list)


def register(event_class: type[E]) -> type[E]:
    """Class decorator: makes the event known by its type, for the docs, the schema and the tests."""
    if not event_class.heard_on:
        raise ValueError(f"{event_class.__name__} is heard on no channel")
    if not event_class.type or EVENTS.setdefault(event_class.type, event_class) is not event_class:
        raise ValueError(f"{event_class.__name__}: the type {event_class.type!r} is empty or taken")
    return event_class


def on(event_class: type[E]) -> Callable[[Callable[[E], None]], Callable[[E], None]]:
    """Registers a handler that runs when such an event is recorded, in the same transaction.

    This is how a higher app reacts to a lower one, which does not know it. Import the handlers in `AppConfig.ready()`.
    """

    def decorate(handler: Callable[[E], None]) -> Callable[[E], None]:
        _handlers[event_class].append(handler)
        return handler

    return decorate


def reauthorizes(event_type: str) -> Reauthorize:
    """Whose rights are asked again after such an event.

    Everybody's for a type we don't know: whoever recorded it is newer than this process.
    """
    event_class = EVENTS.get(event_type)
    if event_class is None:
        return Reauthorize.READERS | Reauthorize.PERSON
    readers = Reauthorize.READERS if event_class.reauthorize else Reauthorize.NOBODY
    return readers | Reauthorize.PERSON if event_class.reauthorize_reader else readers


def handlers_of(event: Event) -> list[Callable[[Any], None]]:
    return _handlers[type(event)]
