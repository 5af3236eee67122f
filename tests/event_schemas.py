"""Every event that any test sends is compared with its schema in AsyncAPI: those recorded in this process as they are
recorded, those of the stack's processes when it ends.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from typing import Any

import jsonschema_rs

from realtime import outbox
from realtime.event_schemas import data_schema
from realtime.events import EVENTS, Event

# What was sent and is not as described; a test that provokes one empties it.
complaints: list[str] = []
# Events that the tests themselves register have no schema to keep.
OURS = dict(EVENTS)


@cache
def _validator(event_class: type[Event]) -> Any:
    return jsonschema_rs.validator_for(data_schema(event_class))


def check(data: dict[str, Any]) -> None:
    event_class = OURS.get(data["type"])
    if event_class is None:
        return
    for error in _validator(event_class).iter_errors(data):
        complaints.append(f"{data['type']}: {error.message} at {error.instance_path} of {data}")


@contextmanager
def watching() -> Iterator[None]:
    """Looks at all that `realtime.outbox.record` writes."""
    encode = outbox.encode_data

    def look(data: Any) -> bytes:
        check(data)
        return encode(data)

    outbox.encode_data = look
    try:
        yield
    finally:
        outbox.encode_data = encode
