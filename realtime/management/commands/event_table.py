"""`manage.py event_table`: writes the tables of channels and events into docs/realtime.md; `--check` only compares."""

import inspect
from dataclasses import fields
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from realtime.channels import NAMESPACES
from realtime.events import EVENTS, Event, own_fields

DOCUMENT = Path(settings.BASE_DIR) / "docs" / "realtime.md"
BEGIN = "<!-- begin: written by `manage.py event_table` -->\n"
END = "<!-- end -->\n"


class Command(BaseCommand):
    help = "Writes the tables of channels and events into docs/realtime.md, from their classes."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--check", action="store_true", help="fail when the document is not up to date")

    def handle(self, *args: Any, **options: Any) -> None:
        document = DOCUMENT.read_text()
        before, _, rest = document.partition(BEGIN)
        _, _, after = rest.partition(END)
        current = f"{before}{BEGIN}\n{tables()}\n{END}{after}"
        if current == document:
            return
        if options["check"]:
            raise CommandError("docs/realtime.md is not up to date: run `manage.py event_table`")
        DOCUMENT.write_text(current)


def tables() -> str:
    """Both tables, in Markdown."""
    lines = ["| channel | carries |", "|---|---|"]
    for namespace in sorted(NAMESPACES.values(), key=lambda namespace: namespace.name):
        if namespace.internal:
            continue
        lines.append(f"| `{namespace.name}` | {namespace.description} |")
    lines += ["", "| event | channels | when | its own fields |", "|---|---|---|---|"]
    for event_type, event_class in sorted(EVENTS.items()):
        channels = ", ".join(f"`{channel}`" for channel in event_class.heard_on if not _internal(channel))
        when = " ".join((event_class.__doc__ or "").split()).replace("|", "\\|")
        lines.append(f"| `{event_type}` | {channels} | {when} | {_fields(event_class)} |")
    return "\n".join(lines) + "\n"


def _internal(channel: str) -> bool:
    namespace = NAMESPACES.get(channel.partition(":")[0])
    return namespace is not None and namespace.internal


def _fields(event_class: type[Event]) -> str:
    types = {field.name: field.type for field in fields(event_class)}
    return ", ".join(f"`{name}`: {_type(types[name])}" for name in own_fields(event_class))


def _type(annotation: Any) -> str:
    name = inspect.formatannotation(annotation).replace("typing.", "")
    return name.replace("media_pipeline.shapes.", "").replace(" | ", " or ").replace("None", "null")
