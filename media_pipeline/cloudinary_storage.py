"""Media at Cloudinary, through its SDK. Uploads in parts stay on the disk until they are whole.

A picture is an `image` there, so that the account's own pages show it; all else, and every original, is `raw`: given
back as it came. Originals are `authenticated`: nobody fetches them without a signature.
"""

import logging
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from datetime import datetime
from functools import cached_property, lru_cache
from io import BytesIO
from itertools import islice
from time import time
from typing import Any

import cloudinary
import cloudinary.api
import cloudinary.uploader
import cloudinary.utils
import urllib3
from cloudinary.exceptions import Error, NotFound
from django.conf import settings
from django.core.files.base import File
from django.utils.dateparse import parse_datetime

from core import errors
from media_pipeline.storage import READ_BLOCK, SIGNED_SECONDS, ObjectStorage

log = logging.getLogger(__name__)

SECONDS = 60
IMAGES = {"jpg", "webp", "png", "gif"}
KINDS = ("image", "raw")
# As many as its API lists and deletes at once.
LISTED_AT_ONCE, DELETED_AT_ONCE = 500, 100
# What is longer is sent in pieces of this size, which is the SDK's own.
LARGE = 20_000_000


class CloudinaryStorage(ObjectStorage):
    """The account of settings.CLOUDINARY_URL."""

    delivery = "upload"

    def __init__(self) -> None:
        _configure(settings.CLOUDINARY_URL)

    def get_available_name(self, name: str, max_length: int | None = None) -> str:
        """Names are random: what is there is what an earlier attempt wrote."""
        return name

    def _save(self, name: str, content: "File[Any]") -> str:
        options = {**self._named(name), "overwrite": True, "invalidate": True}
        with _reached():
            if content.size <= LARGE:
                cloudinary.uploader.upload(content.read(), **options)
            else:
                cloudinary.uploader.upload_large(content.file, **options)
        return name

    def _open(self, name: str, mode: str = "rb") -> "File[Any]":
        return File(BytesIO(b"".join(self.blocks(name))), name=name)

    def delete(self, name: str) -> None:
        with _reached():
            cloudinary.uploader.destroy(**self._named(name), invalidate=True)

    def exists(self, name: str) -> bool:
        with _reached():
            try:
                cloudinary.api.resource(**self._named(name))
            except NotFound:
                return False
        return True

    def walk(self, folder: str) -> Iterator[tuple[str, datetime]]:
        found: list[tuple[str, datetime]] = []
        for kind in KINDS:
            cursor: dict[str, str] = {}
            while True:
                with _reached():
                    page = cloudinary.api.resources(
                        resource_type=kind,
                        type=self.delivery,
                        prefix=f"{folder}/",
                        max_results=LISTED_AT_ONCE,
                        timeout=SECONDS,
                        **cursor,
                    )
                found += [(_name(kind, row["public_id"]), _moment(row["created_at"])) for row in page["resources"]]
                if "next_cursor" not in page:
                    break
                cursor = {"next_cursor": page["next_cursor"]}
        yield from sorted(found)

    def delete_all(self, names: Iterable[str]) -> None:
        by_kind: dict[str, list[str]] = {}
        for name in names:
            named = self._named(name)
            by_kind.setdefault(named["resource_type"], []).append(named["public_id"])
        for kind, ids in by_kind.items():
            waiting = iter(ids)
            while batch := list(islice(waiting, DELETED_AT_ONCE)):
                with _reached():
                    cloudinary.api.delete_resources(
                        batch, resource_type=kind, type=self.delivery, invalidate=True, timeout=SECONDS
                    )

    def move(self, name: str, target: ObjectStorage, new_name: str) -> None:
        """A rename there, which may change how the file is delivered."""
        assert isinstance(target, CloudinaryStorage)
        named, renamed = self._named(name), target._named(new_name)
        with _reached(), suppress(NotFound):
            cloudinary.uploader.rename(
                named.pop("public_id"),
                renamed["public_id"],
                **named,
                to_type=target.delivery,
                overwrite=True,
                invalidate=True,
            )

    def start(self, name: str, count: int) -> bytes:
        return b"".join(self._fetched(name, {"Range": f"bytes=0-{count - 1}"}, count))[:count]

    def blocks(self, name: str) -> Iterator[bytes]:
        yield from self._fetched(name, {}, None)

    def signed_url(self, name: str, *, content_type: str, filename: str, seconds: int) -> str:
        named = self._named(name)
        url: str = cloudinary.utils.private_download_url(
            named["public_id"],
            "",
            resource_type=named["resource_type"],
            type=self.delivery,
            expires_at=int(time()) + seconds,
            attachment=True if filename else None,
        )
        return url

    def _fetched(self, name: str, headers: dict[str, str], most: int | None) -> Iterator[bytes]:
        """The file, not from a cache; no more than MOST bytes of it if that is said."""
        url = self.signed_url(name, content_type="", filename="", seconds=SIGNED_SECONDS)
        try:
            answer = _web().request("GET", url, headers=headers, preload_content=False, timeout=SECONDS)
            try:
                if answer.status == 404:
                    raise FileNotFoundError(name)
                if answer.status not in (200, 206):
                    log.error("cloudinary_refused status=%s", answer.status)
                    raise _unavailable()
                for block in answer.stream(READ_BLOCK if most is None else most):
                    yield block
                    if most is not None:
                        break
            finally:
                answer.close()
        except urllib3.exceptions.HTTPError as error:
            log.error("cloudinary_unreachable error=%s", type(error).__name__)
            raise _unavailable() from error

    def _named(self, name: str) -> dict[str, Any]:
        """What the SDK calls this file."""
        kind, public_id = _place(name)
        return {"public_id": public_id, "resource_type": kind, "type": self.delivery, "timeout": SECONDS}


class PublicCloudinary(CloudinaryStorage):
    """Renditions, for everyone."""

    def url(self, name: str | None) -> str:
        """Its address, as the SDK makes it."""
        assert name is not None
        kind, public_id = _place(name)
        extension = f".{name.rpartition('.')[2]}" if kind == "image" else ""
        return f"{self._prefixes[kind]}{public_id}{extension}"

    @cached_property
    def _prefixes(self) -> dict[str, str]:
        """Lists have hundreds of addresses, which differ in their ends alone."""
        urls = {kind: cloudinary.utils.cloudinary_url("x/x", resource_type=kind)[0] for kind in KINDS}
        return {kind: url.removesuffix("x/x") for kind, url in urls.items()}


class PrivateCloudinary(CloudinaryStorage):
    """Originals, and what is withdrawn: pictures as well."""

    delivery = "authenticated"


def _place(name: str) -> tuple[str, str]:
    """(resource type, public id). An image's id has no extension, and of one picture there are several formats."""
    stem, _, extension = name.rpartition(".")
    return ("image", f"{stem}-{extension}") if extension in IMAGES else ("raw", name)


def _name(kind: str, public_id: str) -> str:
    """What `_place` was asked for."""
    if kind == "raw":
        return public_id
    stem, _, extension = public_id.rpartition("-")
    return f"{stem}.{extension}"


def _moment(text: str) -> datetime:
    moment = parse_datetime(text)
    assert moment is not None
    return moment


@lru_cache(maxsize=1)
def _configure(url: str) -> None:
    """The SDK has one configuration in a process. In the URL's query, more of it: `?secure_distribution=...`."""
    cloudinary.reset_config()
    config = cloudinary.config(secure=True)
    config._load_from_url(url)
    for name, value in {"true": True, "false": False}.items():
        config.update(**{key: value for key, found in vars(config).items() if found == name})


@lru_cache(maxsize=1)
def _web() -> urllib3.PoolManager:
    return urllib3.PoolManager(maxsize=10)


@contextmanager
def _reached() -> Iterator[None]:
    """Turns what the SDK raises into Unavailable; what it was is in the log."""
    try:
        yield
    except Error as error:
        log.error("cloudinary_refused error=%s", type(error).__name__)
        raise _unavailable() from error


def _unavailable() -> errors.Unavailable:
    return errors.Unavailable("The storage does not answer as it should: try again shortly.")
