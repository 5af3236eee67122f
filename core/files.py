"""Files straight from the disk, beside Django, which knows no ranges: `/media/`, the public ones of MEDIA_ROOT.

Whatever lies there was written once under a name of its own (storage keys are random), so that answers may be cached
for ever. Served is what has a known extension, lies inside and is reached without a symbolic link.
"""

import asyncio
import errno
import io
import logging
import os
import re
import stat
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import quote

import orjson
from django.conf import settings

from core import api, errors
from core.handler import Message, Receive, Scope, Send

log = logging.getLogger(__name__)

# Nothing that a browser would run, and no guessing (nosniff).
CONTENT_TYPES = {
    "jpg": "image/jpeg",
    "webp": "image/webp",
    "png": "image/png",
    "gif": "image/gif",
    "mp4": "video/mp4",
    "m4s": "video/iso.segment",
    "m3u8": "application/vnd.apple.mpegurl",
}
# One read and one message: most pictures are a single one.
BLOCK = 256 * 1024
ABSENT = {errno.ENOENT, errno.ENOTDIR, errno.EISDIR, errno.ELOOP, errno.EACCES, errno.ENAMETOOLONG, errno.ENXIO}

CACHE_CONTROL = "public, max-age=31536000, immutable"
HEADERS = {
    "accept-ranges": "bytes",
    "x-content-type-options": "nosniff",
    "content-security-policy": "default-src 'none'; sandbox",
    # For pages of every origin: <img>, canvas and players, never with credentials.
    "access-control-allow-origin": "*",
    "access-control-expose-headers": "ETag, Content-Range, Accept-Ranges",
    "cross-origin-resource-policy": "cross-origin",
}

# Players of other origins ask for a Range, and older browsers ask first whether they may.
PREFLIGHT = {
    "access-control-allow-origin": "*",
    "access-control-allow-methods": "GET, HEAD",
    "access-control-allow-headers": "Range, If-Range",
    "access-control-max-age": "86400",
    "allow": "GET, HEAD, OPTIONS",
}


@dataclass(frozen=True)
class Wanted:
    """A file that may be served: NAME below ROOT, which is ACCEL for nginx. `headers` are the answer's."""

    root: str
    name: str
    accel: str
    headers: Mapping[str, str]


@dataclass
class OpenFile:
    """A regular file, and its first block if that is all of it: then one hop to a thread served the request."""

    file: io.FileIO
    size: int
    etag: str
    whole: bytes | None


class Files:
    """An ASGI application for GET and HEAD, with ETag, If-None-Match, If-Range and a single Range."""

    def wanted(self, path: str, query: str) -> Wanted | None:
        """What is asked for, None if nothing may be served there. Forbidden."""
        raise NotImplementedError

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        method = scope["method"]
        if method == "OPTIONS":
            await send(_start(204, PREFLIGHT))
            await send({"type": "http.response.body"})
            return
        if method not in ("GET", "HEAD"):
            await _refuse(send, 405, "Files can only be read.", "method_not_allowed", {"allow": "GET, HEAD, OPTIONS"})
            return
        path = scope["path"].removeprefix(scope.get("root_path", ""))
        try:
            wanted = self.wanted(path, scope.get("query_string", b"").decode("latin-1"))
        except errors.Forbidden as error:
            await _refuse(send, 403, error.detail, error.code, head=method == "HEAD")
            return
        if wanted is not None and settings.ACCEL_REDIRECT and _is_plain(wanted.name):
            # The gateway finds out whether there is such a file, and knows ranges itself.
            headers = {**wanted.headers, "x-accel-redirect": wanted.accel + quote(wanted.name)}
            await send(_start(200, headers))
            await send({"type": "http.response.body"})
            return
        try:
            opened = await asyncio.to_thread(open_inside, wanted.root, wanted.name) if wanted is not None else None
        except OSError as error:
            log.error("media_unreadable path=%r error=%r", scope["path"], error)
            await _refuse(
                send, 503, "The file cannot be read right now; try again shortly.", "unavailable", {"retry-after": "1"}
            )
            return
        if wanted is None or opened is None:
            await _refuse(send, 404, "There is no such file.", "not_found", head=method == "HEAD")
            return
        with opened.file:
            await _serve(opened, wanted.headers, _conditions(scope), receive, send, head=method == "HEAD")


class MediaFiles(Files):
    """The public files, by their extensions."""

    def wanted(self, path: str, query: str) -> Wanted | None:
        name = path.removeprefix(settings.MEDIA_URL)
        content_type = CONTENT_TYPES.get(name.rpartition("/")[2].rpartition(".")[2])
        if content_type is None:
            return None
        headers = {**HEADERS, "cache-control": CACHE_CONTROL, "content-type": content_type}
        return Wanted(str(settings.MEDIA_ROOT), name, "/accel/public/", headers)


def _is_plain(name: str) -> bool:
    return all(part and not part.startswith(".") for part in name.split("/"))


def open_inside(root: str, name: str) -> OpenFile | None:
    """Opens a file under `root`; None unless it may be served. OSError is trouble of the disk or the process."""
    if not _is_plain(name):
        return None
    parts = name.split("/")
    folders: list[int] = []
    try:
        # Each step is taken from the folder before and follows no link: nothing can be swapped in between.
        folders.append(os.open(root, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC))
        for part in parts[:-1]:
            flags = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
            folders.append(os.open(part, flags, dir_fd=folders[-1]))
        # O_NONBLOCK: opening a pipe would wait for its writer.
        flags = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
        file = io.FileIO(os.open(parts[-1], flags, dir_fd=folders[-1]))
    except ValueError:  # NUL, or what no file name can be
        return None
    except OSError as error:
        if error.errno in ABSENT:
            return None
        raise
    finally:
        for folder in folders:
            os.close(folder)
    status = os.fstat(file.fileno())
    if not stat.S_ISREG(status.st_mode):
        file.close()
        return None
    whole = os.pread(file.fileno(), BLOCK, 0) if status.st_size <= BLOCK else None
    etag = f'"{status.st_mtime_ns:x}-{status.st_size:x}"'
    return OpenFile(file, status.st_size, etag, whole)


async def _serve(
    opened: OpenFile,
    known: Mapping[str, str],
    conditions: Mapping[str, str],
    receive: Receive,
    send: Send,
    *,
    head: bool,
) -> None:
    headers = {**known, "etag": opened.etag}
    if _has_etag(conditions.get("if-none-match", ""), opened.etag):
        del headers["content-type"]
        await send(_start(304, headers))
        await send({"type": "http.response.body"})
        return
    status, first, last = 200, 0, opened.size - 1
    wanted = conditions.get("range", "")
    if wanted and not head and conditions.get("if-range", opened.etag) == opened.etag:
        try:
            chosen = parse_range(wanted, opened.size)
        except IndexError:
            size = {"content-range": f"bytes */{opened.size}"}
            await _refuse(send, 416, "The file is shorter than that.", "range_not_satisfiable", size)
            return
        if chosen is not None:
            status, (first, last) = 206, chosen
            headers["content-range"] = f"bytes {first}-{last}/{opened.size}"
    headers["content-length"] = str(last - first + 1)
    await send(_start(status, headers))
    if head:
        await send({"type": "http.response.body"})
    elif opened.whole is not None:
        await send({"type": "http.response.body", "body": opened.whole[first : last + 1]})
    else:
        await _send_blocks(opened, first, last, receive, send)


async def _send_blocks(opened: OpenFile, first: int, last: int, receive: Receive, send: Send) -> None:
    """One block at a time: the next is read when the server has taken this one."""
    gone = asyncio.create_task(_disconnected(receive))
    try:
        while first <= last and not gone.done():
            block = await asyncio.to_thread(os.pread, opened.file.fileno(), min(BLOCK, last - first + 1), first)
            if not block:
                raise OSError(errno.EIO, "the file shrank while it was sent")
            first += len(block)
            await send({"type": "http.response.body", "body": block, "more_body": first <= last})
    finally:
        gone.cancel()


async def _disconnected(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


def parse_range(value: str, size: int) -> tuple[int, int] | None:
    """(first, last) of a single range of bytes, None when the header is to be ignored; IndexError: beyond the end."""
    match = re.fullmatch(r"bytes=(\d{0,18})-(\d{0,18})", value.strip(), re.ASCII | re.IGNORECASE)
    if match is None or not (match[1] or match[2]):
        return None
    if not match[1]:
        first, last = max(0, size - int(match[2])), size - 1
    else:
        first = int(match[1])
        last = int(match[2]) if match[2] else max(first, size)
        if last < first:
            return None
    if first >= size:
        raise IndexError(value)
    return first, min(last, size - 1)


def _has_etag(value: str, etag: str) -> bool:
    return value.strip() == "*" or any(item.strip().removeprefix("W/") == etag for item in value.split(","))


def _conditions(scope: Scope) -> dict[str, str]:
    return {
        name.decode("latin-1"): value.decode("latin-1")
        for name, value in scope["headers"]
        if name in (b"range", b"if-range", b"if-none-match")
    }


def _start(status: int, headers: Mapping[str, str]) -> Message:
    encoded = [(name.encode("latin-1"), value.encode("latin-1")) for name, value in headers.items()]
    return {"type": "http.response.start", "status": status, "headers": encoded}


async def _refuse(
    send: Send, status: int, detail: str, code: str, headers: Mapping[str, str] | None = None, *, head: bool = False
) -> None:
    body = orjson.dumps(api.problem(status, detail, code=code))
    common = {
        "content-type": api.PROBLEM_TYPE,
        "content-length": str(len(body)),
        "cache-control": "no-store",
        "x-content-type-options": "nosniff",
        "access-control-allow-origin": "*",
    }
    await send(_start(status, {**common, **(headers or {})}))
    await send({"type": "http.response.body", "body": b"" if head else body})
