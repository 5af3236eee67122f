"""The recipe of a web page, by recipe-scrapers: it knows some six hundred sites, and reads what the others say of
themselves (JSON-LD or microdata of schema.org)."""

import codecs
import logging
import subprocess
import sys
from pathlib import Path
from typing import Any

import orjson
from bs4.dammit import EncodingDetector

from core.errors import Unprocessable
from core.fetching import place
from media_pipeline.confined import environment
from recipes.jsonld_reading import recipe_node

log = logging.getLogger(__name__)

# For one page. 2 MB of paragraphs take two seconds and 320 MB, of 400,000 tags within each other five and 450.
SECONDS = 10.0
MEMORY_MAX = 1024**3
# The address of a page whose own is not known: no site has it.
NOWHERE = "https://nowhere.invalid/"
_READER = Path(__file__).with_name("page_reading.py")
# Python knows more codecs than the web does; some take a time that grows with the square of the text.
_CODECS = ("utf", "iso8859", "cp125", "latin", "ascii", "gb", "big5", "euc", "shift_jis", "koi8", "mac-roman")


def page_recipe(html: str, *, url: str = NOWHERE) -> dict[str, Any] | None:
    """What HTML (from URL, if that is known) tells, as a schema.org/Recipe; None when that is no recipe.

    It is read by a process of its own (recipes/page_reading.py), half a second at least. Raises Unprocessable
    (`unreadable`) for what takes longer than SECONDS or more memory than one page may, and Unavailable (`overloaded`).
    """
    if "<" not in html:
        return None
    command = [sys.executable, "-I", str(_READER), url, str(MEMORY_MAX)]
    try:
        with place():
            read = subprocess.run(  # noqa: S603 (our own program; the URL is no more to it than a name)
                command,
                input=html.encode(errors="replace"),
                env=environment(),
                capture_output=True,
                timeout=SECONDS,
                check=True,
            )
    except (subprocess.TimeoutExpired, subprocess.CalledProcessError) as error:
        log.warning("page_unreadable error=%s", type(error).__name__)
        raise Unprocessable("This page takes too long to read, or too much memory.", code="unreadable") from error
    return recipe_node(orjson.loads(read.stdout))


def decoded(body: bytes, charset: str | None) -> str:
    """BODY as text: by the header's CHARSET, else by what the page says of itself, else UTF-8."""
    name = charset or EncodingDetector.find_declared_encoding(body, is_html=True) or "utf-8"
    try:
        codec = codecs.lookup(name).name
    except LookupError:
        codec = "utf-8"
    return body.decode(codec if codec.startswith(_CODECS) else "utf-8", errors="replace")
