"""Logs: one line an event, `name=value`, or JSON with `LOG_FORMAT=json`; with the id of the request, without secrets.

Code logs `log.warning("limits_local seconds=%g error=%s", 5, name)`: the name of what happened, then its fields. The
line stays as it is written, and JSON has each field by itself. Whatever is logged, by anyone, passes `scrub`.
"""

import logging
import re
import time
from contextvars import ContextVar
from typing import Any

import orjson

from core.scrubbing import names_a_secret, scrub

# The id of the request that this is about; "" outside of one. Set by core/requests.py.
request_id: ContextVar[str] = ContextVar("request_id", default="")

MESSAGE_LENGTH = 10_000
# `name=%s`, or a placeholder without a name, which takes an argument too.
_FIELDS = re.compile(r"(?:(\w+)=)?%(?:%|[-#0 +]*\d*(?:\.\d+)?[a-zA-Z])")
_EVENT = re.compile(r"[a-z][a-z0-9_.]*(?=[\s:]|$)")


class LineFormatter(logging.Formatter):
    """For people: time, level, logger, message. Below it, indented, the traceback if there is one."""

    def format(self, record: logging.LogRecord) -> str:
        line = f"{self.formatTime(record)} {record.levelname} {record.name} {message_of(record)}"
        if request := request_id.get():
            line += f" request={request}"
        if trace := trace_of(self, record):
            line += "\n    " + trace.replace("\n", "\n    ")
        return line


class JsonFormatter(logging.Formatter):
    """For machines: one JSON object a line, with the fields of the message as fields."""

    def format(self, record: logging.LogRecord) -> str:
        entry: dict[str, Any] = {
            "time": time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(record.created)) + f".{int(record.msecs):03d}Z",
            "level": record.levelname,
            "logger": record.name,
            "message": message_of(record),
        }
        event, fields = event_of(record)
        if event:
            entry["event"] = event
        if fields:
            entry["fields"] = fields
        if request := request_id.get():
            entry["request"] = request
        if trace := trace_of(self, record):
            entry["exception"] = trace
        return orjson.dumps(entry, option=orjson.OPT_NON_STR_KEYS).decode()


def message_of(record: logging.LogRecord) -> str:
    """The message on one line, without secrets. A record that does not fit its arguments is shown as it is."""
    try:
        message = record.getMessage()
    except (TypeError, ValueError, KeyError):
        message = f"{record.msg} {record.args}"
    message = scrub(_printable(message[:MESSAGE_LENGTH]))
    # What a client sent must not look like a line of ours.
    return "".join(character if character.isprintable() else _escaped(character) for character in message)


def trace_of(formatter: logging.Formatter, record: logging.LogRecord) -> str:
    """The traceback and the stack of a record, "" of most."""
    parts = []
    if record.exc_info:
        parts.append(formatter.formatException(record.exc_info))
    if record.stack_info:
        parts.append(formatter.formatStack(record.stack_info))
    return scrub(_printable("\n".join(parts)))


def event_of(record: logging.LogRecord) -> tuple[str, dict[str, Any]]:
    """What happened, and its fields, of a message written as ours are; ("", {}) of others."""
    text, arguments = record.msg, record.args
    if not isinstance(text, str) or not (named := _EVENT.match(text)):
        return "", {}
    if not isinstance(arguments, tuple):
        return named[0], {}
    placeholders = [match[1] for match in _FIELDS.finditer(text) if not match[0].endswith("%%")]
    if len(placeholders) != len(arguments):
        return named[0], {}
    fields = {name: _value(name, value) for name, value in zip(placeholders, arguments, strict=True) if name}
    return named[0], fields


def _value(name: str, value: Any) -> Any:
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, int | float):
        return int(value) if isinstance(value, int) and abs(value) < 2**53 else float(value)
    return "…" if names_a_secret(name) else scrub(_printable(str(value)[:MESSAGE_LENGTH]))


def _printable(text: str) -> str:
    """Without lone surrogates, which no output takes."""
    return text.encode("utf-8", "backslashreplace").decode()


def _escaped(character: str) -> str:
    return character.encode("unicode_escape").decode()


FORMATTERS: dict[str, type[logging.Formatter]] = {"line": LineFormatter, "json": JsonFormatter}


def config(*, level: str, formatter: str) -> dict[str, Any]:
    """Django's LOGGING."""
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {"chosen": {"()": FORMATTERS[formatter]}},
        "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "chosen"}},
        "root": {"handlers": ["stderr"], "level": level},
        # Django would log each 4xx, beside the line of the request itself, and mail each 500.
        "loggers": {"django": {"handlers": [], "level": level}, "django.request": {"level": "ERROR"}},
    }
