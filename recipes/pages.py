"""What a web page tells of recipes: its JSON-LD or microdata, and what recipe-scrapers, which knows some six hundred
sites, takes from it."""

import codecs
import logging
import sys
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, NamedTuple

import orjson

from core.errors import Unprocessable
from core.fetching import place
from media_pipeline import confined

log = logging.getLogger(__name__)

# For one page. 2 MB of paragraphs take two seconds and 320 MB, of 400,000 tags within each other five and 450.
SECONDS = 10.0
MEMORY_MAX = 1024**3
# Of what it says on its standard error.
SAID_MAX = 1024**2
# The address of a page whose own is not known: no site has it.
NOWHERE = "https://nowhere.invalid/"
_READER = Path(__file__).with_name("page_reading.py")
# Python knows more codecs than the web does; some take a time that grows with the square of the text.
_CODECS = ("utf", "iso8859", "cp125", "latin", "ascii", "gb", "big5", "euc", "shift_jis", "koi8", "mac-roman")


class Page(NamedTuple):
    """What a page tells of recipes (recipes/page_reading.py says what each of these is)."""

    documents: list[Any]
    broken: int
    described: dict[str, Any] | None
    own: dict[str, Any] | None


def page_told(html: str, *, url: str = NOWHERE) -> Page:
    """What `html` (from `url`, if that is known) tells of recipes.

    It is read by a process of its own (recipes/page_reading.py), half a second at least. Raises Unprocessable
    (`unreadable`) for what takes longer than SECONDS or more memory than one page may, and Unavailable (`overloaded`).
    """
    if "<" not in html:
        return Page([], 0, None, None)
    limits = confined.Limits(seconds=SECONDS, memory=MEMORY_MAX, file_size=SAID_MAX)
    lines: list[str] = []
    with place(), TemporaryDirectory(prefix="simmer-page-") as folder:
        page = Path(folder) / "page.html"
        page.write_bytes(html.encode(errors="replace"))
        command = [sys.executable, "-I", str(_READER), str(page), url]
        finished = confined.run(command, limits=limits, errors=Path(folder) / "errors.log", on_line=lines.append)
    if finished.code or finished.timed_out:
        log.warning("page_unreadable code=%s timed_out=%s", finished.code, finished.timed_out)
        raise Unprocessable("This page takes too long to read, or too much memory.", code="unreadable")
    return Page(**orjson.loads(lines[-1]))


def decoded(body: bytes, charset: str | None) -> str:
    """BODY as text: by the header's CHARSET, else by what the page says of itself, else UTF-8."""
    # 24 MB and a tenth of a second, which only processes that fetch a page pay.
    from bs4.dammit import EncodingDetector

    name = charset or EncodingDetector.find_declared_encoding(body, is_html=True) or "utf-8"
    try:
        codec = codecs.lookup(name).name
    except LookupError:
        codec = "utf-8"
    return body.decode(codec if codec.startswith(_CODECS) else "utf-8", errors="replace")
