"""The channels and their events in AsyncAPI 3: what OpenAPI says of REST, said of the sockets and event streams.

Made of the registered channel families and event classes; `core.docs` serves it as `/api/asyncapi/`.
"""

import re
from functools import cache
from typing import Any

import orjson
from django.conf import settings

from realtime.channels import NAMESPACES, Namespace
from realtime.event_schemas import data_schema, example
from realtime.events import EVENTS, Event
from realtime.hints import FEED, FEEDS

SOCKET = """\
The JSON form of the Centrifuge client protocol, version 2: its SDKs connect unmodified. Each message below is the data
of a publication: `{"push": {"channel", "pub": {"offset", "data"}}}`. Clients write over REST."""
STREAM = """\
Server-Sent Events, `GET /api/events/?channel=...`: each message below is the `data` in `{"channel", "offset", "data"}`.
`Last-Event-ID` recovers what was missed."""
TOKEN = (
    "An access token or a ticket: in `connect` of the socket, as `Authorization: Bearer` of a stream. Never in a URL."  # noqa: S105
)


@cache
def description() -> bytes:
    """The whole document, as JSON. It cannot change while we run."""
    return orjson.dumps(document())


def document() -> dict[str, Any]:
    """The document as it stands with the channels and events that are registered now."""
    spectacular = settings.SPECTACULAR_SETTINGS
    shown = [namespace for _, namespace in sorted(NAMESPACES.items()) if not namespace.internal]
    messages = {namespace.name: _events_of(namespace) for namespace in shown}
    heard = {event_type: event for events in messages.values() for event_type, event in events.items()}
    return {
        "asyncapi": "3.0.0",
        "info": {
            "title": spectacular["TITLE"],
            "version": spectacular["VERSION"],
            "description": "What is heard live. Offsets of a channel are dense: 1, 2, 3, ... within an epoch.",
        },
        "defaultContentType": "application/json",
        "servers": {"socket": _server("/ws/", "ws", SOCKET), "stream": _server("/api/events/", "http", STREAM)},
        "channels": {namespace.name: _channel(namespace, messages[namespace.name]) for namespace in shown},
        "operations": {
            f"hear-{namespace.name}": _operation(namespace, messages[namespace.name]) for namespace in shown
        },
        "components": {
            "messages": {event_type: _message(event) for event_type, event in sorted(heard.items())},
            "securitySchemes": {"token": {"type": "http", "scheme": "bearer", "description": TOKEN}},
        },
    }


def _server(path: str, protocol: str, text: str) -> dict[str, Any]:
    return {
        "host": "{host}",
        "pathname": path,
        "protocol": protocol,
        "description": text,
        "variables": {"host": {"default": f"localhost:{settings.PORT}", "description": "Where Simmer listens."}},
        "security": [{"$ref": "#/components/securitySchemes/token"}],
    }


def _events_of(namespace: Namespace) -> dict[str, type[Event]]:
    # Hints are made of what comes on an internal channel.
    source = FEEDS if namespace.name == FEED else namespace.name
    return {
        event_type: event
        for event_type, event in sorted(EVENTS.items())
        if any(channel.partition(":")[0] == source for channel in event.heard_on)
    }


def _is_keyed(namespace: Namespace, events: dict[str, type[Event]]) -> bool:
    own = [channel for event in events.values() for channel in event.heard_on]
    return namespace.server_side or any(channel.startswith(f"{namespace.name}:") for channel in own)


def _channel(namespace: Namespace, events: dict[str, type[Event]]) -> dict[str, Any]:
    found: dict[str, Any] = {
        "address": namespace.name,
        "title": namespace.name,
        "description": namespace.description,
        "messages": {event_type: {"$ref": f"#/components/messages/{event_type}"} for event_type in events},
    }
    if _is_keyed(namespace, events):
        found["address"] = f"{namespace.name}:{{id}}"
        whose = "that of its only reader" if namespace.server_side else "a whole number"
        found["parameters"] = {"id": {"description": f"The id: {whose}."}}
    return found


def _operation(namespace: Namespace, events: dict[str, type[Event]]) -> dict[str, Any]:
    return {
        # From Simmer's side, as AsyncAPI sees it.
        "action": "send",
        "channel": {"$ref": f"#/channels/{_pointer(namespace.name)}"},
        "summary": "Kept, and recovered after an interruption." if namespace.recoverable else "Hints: not kept.",
        "messages": [{"$ref": f"#/channels/{_pointer(namespace.name)}/messages/{event_type}"} for event_type in events],
    }


def _pointer(name: str) -> str:
    return name.replace("~", "~0").replace("/", "~1")


def _message(event: type[Event]) -> dict[str, Any]:
    summary, _, rest = re.sub(r"\s+", " ", event.__doc__ or "").strip().partition(". ")
    return {
        "name": event.type,
        "title": event.type,
        "summary": summary.rstrip("."),
        **({"description": rest} if rest else {}),
        "payload": data_schema(event),
        "examples": [{"name": event.type.replace(".", "-"), "payload": example(event)}],
    }
