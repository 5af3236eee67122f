"""The newest recipes, which come along with `/`: the page shows them even while its reader may read nothing.

    show_first(first_recipes)   # in AppConfig.ready(): core knows no recipes

They are what any anonymous client may read, and the same for everyone: however often the page is loaded, each process
reads them at most once in KEPT_SECONDS.
"""

import logging
import threading
import time
from collections.abc import Callable, Mapping
from typing import Any

from django.db import Error

from core.api import JSONRenderer

log = logging.getLogger(__name__)

KEPT_SECONDS = 1.0

Reader = Callable[[], Mapping[str, Any]]

_reader: Reader | None = None
_lock = threading.Lock()
_kept: tuple[float, str] | None = None


def show_first(reader: Reader) -> None:
    """Register the function that reads what the page shows first: `{"results": [...], "position": "recipes;x7;17"}`."""
    global _reader
    _reader = reader


def first_recipes() -> str:
    """The recipes as JSON, up to KEPT_SECONDS old; empty when the database is away, as the page works without.

    One thread reads. The others take what is kept meanwhile: a database that does not answer holds up one thread.
    """
    global _kept
    if _kept is not None and time.monotonic() - _kept[0] <= KEPT_SECONDS:
        return _kept[1]
    if not _lock.acquire(blocking=False):
        return _kept[1] if _kept is not None else ""
    try:
        text = _read()
        _kept = (time.monotonic(), text)
        return text
    finally:
        _lock.release()


def forget_first() -> None:
    """Empty this process's memory of the recipes."""
    global _kept
    _kept = None


def _read() -> str:
    if _reader is None:
        return ""
    try:
        return JSONRenderer().render(_reader()).decode()
    except Error as error:
        log.warning("first_page.unread error=%s", type(error).__name__)
        return ""
