"""Events as JSON Schema, and an example of each: made of the dataclasses' types, so that they say nothing else."""

import types
from collections.abc import Collection
from typing import Any, Union, get_args, get_origin, get_type_hints, is_typeddict

from realtime.events import Actor, Event, own_fields

Schema = dict[str, Any]

NULL: Schema = {"type": "null"}
AT = "2026-11-21T18:30:00.123456+00:00"
ACTOR: Actor = {"id": 7, "username": "ana", "display_name": "Ana", "picture": None}
# What a field of that name, or of that last word, holds in an example; others get their type's.
_EXAMPLES: dict[str, Any] = {
    "avg_rating": 4.5,
    "duration": None,
    "error": None,
    "height": 480,
    "hls_url": None,
    "name": "Pears in red wine",
    "poster": None,
    "progress": 100,
    "rating_count": 2,
    "review": "Good soup!",
    "score": 5,
    "session_id": "0d1f7a3e-5f7c-4d6b-9f0e-6d9d7f1f2a10",
    "status": "ready",
    "tags": ["soup"],
    "text": "Dinner is ready.",
    "url": "/media/pears-640.jpg",
    "version": 2,
    "visibility": "public",
    "webp": "/media/pears-640.webp",
    "width": 640,
    "_at": AT,
    "_count": 3,
    "_id": 42,
}
_OF_TYPE: dict[Any, Any] = {int: 1, float: 1.5, str: "text", bool: False, dict: {}, Any: {}}


def data_schema(event_class: type[Event]) -> Schema:
    """What clients receive as `data`. The fields that a block or a mute empties may be null, like the actor."""
    hints = get_type_hints(event_class)
    own = own_fields(event_class)
    properties: Schema = {
        "type": {"const": event_class.type},
        "at": {"type": "string", "format": "date-time", "description": "When it happened, in UTC."},
        "actor": {"oneOf": [schema_of(Actor), NULL], "description": "Who did it; null for nobody, or somebody hidden."},
    }
    for name in own:
        schema = schema_of(hints[name])
        hidden = name in event_class.content and "null" not in _types(schema)
        properties[name] = _any_of([schema, NULL]) if hidden else schema
    return _object(properties, required=properties)


def _types(schema: Schema) -> set[str]:
    return {schema.get("type", ""), *(part.get("type", "") for part in schema.get("oneOf", []))}


def schema_of(annotation: Any) -> Schema:
    """The JSON Schema of a field's type. TypeError for a type that JSON, or this, does not have."""
    origin, arguments = get_origin(annotation), get_args(annotation)
    if is_typeddict(annotation):
        hints = get_type_hints(annotation)
        return _object({name: schema_of(hint) for name, hint in hints.items()}, required=annotation.__required_keys__)
    if origin in (Union, types.UnionType):
        return _any_of([schema_of(argument) for argument in arguments])
    if origin is list:
        return {"type": "array", "items": schema_of(*arguments)}
    if origin is dict:
        return {"type": "object", "additionalProperties": schema_of(arguments[1])}
    simple = {int: "integer", float: "number", str: "string", bool: "boolean", type(None): "null"}
    if annotation in simple:
        return {"type": simple[annotation]}
    if annotation is Any:
        return {}
    raise TypeError(f"{annotation!r} is no type of an event's field")


def _any_of(schemas: list[Schema]) -> Schema:
    return {"oneOf": schemas}


def _object(properties: Schema, *, required: Collection[str]) -> Schema:
    ordered = [name for name in properties if name in required]
    return {"type": "object", "required": ordered, "properties": properties, "additionalProperties": False}


def example(event_class: type[Event]) -> dict[str, Any]:
    """The data of such an event."""
    hints = get_type_hints(event_class)
    own = own_fields(event_class)
    actor = None if all(channel.startswith("inbox") for channel in event_class.heard_on) else ACTOR
    return {
        "type": event_class.type,
        "at": AT,
        "actor": actor,
        **{name: example_of(name, hints[name]) for name in own},
    }


def example_of(name: str, annotation: Any) -> Any:
    """A value of that type that suits a field of that name."""
    origin, arguments = get_origin(annotation), get_args(annotation)
    suited = _EXAMPLES.get(name, _EXAMPLES.get(f"_{name.rpartition('_')[2]}"))
    if origin in (Union, types.UnionType):
        if suited is None and name in _EXAMPLES:
            return None
        return example_of(name, next(argument for argument in arguments if argument is not type(None)))
    if is_typeddict(annotation):
        return {key: example_of(key, hint) for key, hint in get_type_hints(annotation).items()}
    if annotation is not Any and isinstance(suited, origin or annotation):
        return suited
    if origin is list:
        return [example_of(name.removesuffix("s"), *arguments)]
    if origin is dict:
        return {"large": example_of("", arguments[1])} if arguments[1] is not Any else {}
    return _OF_TYPE[annotation]
