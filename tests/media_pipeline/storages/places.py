"""The places where media may lie, as tests look into them: a folder, a bucket, an account at Cloudinary."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Protocol

import httpx

from tests.media_pipeline.conftest import get
from tests.media_pipeline.storages.cloudinary_stub import Asset, Cloudinary
from tests.s3 import Bucket

FOR_EVER = "public, max-age=31536000, immutable"


class Place(Protocol):
    """Where this test's media lie. `kind` is `local`, `moto`, `rclone` or `cloudinary`."""

    kind: str
    # Of renditions.
    cache_control: str

    def names(self, top: str) -> list[str]:
        """All files of `uploads`, `originals`, `exports`, `renditions`, or of `withdrawn-` originals or renditions."""

    def read(self, name: str) -> bytes: ...

    def write(self, name: str, content: bytes = b"x") -> None: ...

    def delete(self, name: str) -> None: ...

    def half_written(self) -> list[str]:
        """What began to be written and never ended."""

    def fetch(self, url: str) -> httpx.Response:
        """A request of somebody who is not signed in."""

    def part(self, url: str, first: int, last: int) -> bytes:
        """The bytes FIRST to LAST of what lies there."""


class LocalPlace:
    kind = "local"
    cache_control = FOR_EVER

    def __init__(self, public: Path, private: Path) -> None:
        self._public, self._private = public, private

    def _path(self, name: str) -> Path:
        return (self._public if name.startswith("renditions") else self._private) / name

    def names(self, top: str) -> list[str]:
        root = self._path(top)
        return sorted(f"{top}/{path.relative_to(root)}" for path in root.rglob("*") if path.is_file())

    def read(self, name: str) -> bytes:
        return self._path(name).read_bytes()

    def write(self, name: str, content: bytes = b"x") -> None:
        self._path(name).parent.mkdir(parents=True, exist_ok=True)
        self._path(name).write_bytes(content)

    def delete(self, name: str) -> None:
        self._path(name).unlink()

    def half_written(self) -> list[str]:
        return []

    def fetch(self, url: str, **headers: str) -> httpx.Response:
        answer: httpx.Response = get(url, **headers)
        return answer

    def part(self, url: str, first: int, last: int) -> bytes:
        answer = self.fetch(url, range=f"bytes={first}-{last}")
        assert answer.status_code == 206
        return answer.content


class BucketPlace:
    cache_control = FOR_EVER

    def __init__(self, bucket: Bucket) -> None:
        self.kind, self._bucket = bucket.kind, bucket

    def names(self, top: str) -> list[str]:
        return self._bucket.keys(f"{top}/")

    def read(self, name: str) -> bytes:
        return self._bucket.read(name)

    def write(self, name: str, content: bytes = b"x") -> None:
        self._bucket.client.put_object(Bucket=self._bucket.name, Key=name, Body=content)

    def delete(self, name: str) -> None:
        self._bucket.client.delete_object(Bucket=self._bucket.name, Key=name)

    def half_written(self) -> list[str]:
        return self._bucket.unfinished()

    def fetch(self, url: str) -> httpx.Response:
        return httpx.get(url)

    def part(self, url: str, first: int, last: int) -> bytes:
        answer = httpx.get(url, headers={"Range": f"bytes={first}-{last}"})
        # rclone sends the right bytes, and calls it 200.
        assert answer.status_code == (200 if self.kind == "rclone" else 206)
        return answer.content


class CloudinaryPlace:
    """Media at Cloudinary; uploads in parts lie on the disk until they are whole."""

    kind = "cloudinary"
    cache_control = "public, immutable, max-age=2592000"

    def __init__(self, cloud: Cloudinary, disk: LocalPlace) -> None:
        self._cloud, self._disk = cloud, disk

    def _asset(self, name: str) -> Asset:
        delivery = "authenticated" if name.startswith(("originals/", "exports/", "withdrawn-")) else "upload"
        stem, _, extension = name.rpartition(".")
        is_image = extension in ("jpg", "webp")
        return ("image", delivery, f"{stem}-{extension}") if is_image else ("raw", delivery, name)

    def names(self, top: str) -> list[str]:
        if top == "uploads":
            return self._disk.names(top)
        found = [key for key in self._cloud.assets if key[2].startswith(f"{top}/")]
        return sorted(".".join(key[2].rsplit("-", 1)) if key[0] == "image" else key[2] for key in found)

    def read(self, name: str) -> bytes:
        return self._disk.read(name) if name.startswith("uploads") else self._cloud.assets[self._asset(name)][0]

    def write(self, name: str, content: bytes = b"x") -> None:
        if name.startswith("uploads"):
            self._disk.write(name, content)
        else:
            self._cloud.assets[self._asset(name)] = (content, "jpg", datetime.now(UTC))

    def delete(self, name: str) -> None:
        if name.startswith("uploads"):
            self._disk.delete(name)
        else:
            del self._cloud.assets[self._asset(name)]

    def half_written(self) -> list[str]:
        return list(self._cloud.pieces)

    def fetch(self, url: str) -> httpx.Response:
        return httpx.get(url)

    def part(self, url: str, first: int, last: int) -> bytes:
        answer = httpx.get(url, headers={"Range": f"bytes={first}-{last}"})
        assert answer.status_code == 206
        return answer.content
