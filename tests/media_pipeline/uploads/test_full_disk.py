"""No room on the server: said when an upload is begun, and nothing is lost when it comes later."""

import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from pytest_django import Settings
from rest_framework.test import APIClient

from media_pipeline.models import UploadSession

TUS = {"Tus-Resumable": "1.0.0"}
BODY = {"filename": "a.mp4", "content_type": "video/mp4", "length": 600_000}


@pytest.fixture
def small_disk(settings: Settings, tmp_path: Path) -> Iterator[Path]:
    """The private storage on a disk of a megabyte."""
    folder = tmp_path / "small"
    folder.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", folder]
    mounted = subprocess.run(command, capture_output=True, check=False)
    if mounted.returncode:
        pytest.skip("needs the right to mount a small disk")
    settings.UPLOAD_DISK_RESERVE_BYTES = 0
    private = {**settings.STORAGES["private"], "OPTIONS": {"location": folder, "base_url": None}}
    settings.STORAGES = {**settings.STORAGES, "private": private}
    try:
        yield folder
    finally:
        subprocess.run(["umount", folder], check=True)


def test_an_upload_that_would_take_the_reserve_is_not_begun(
    ann: APIClient, settings: Settings, files: Callable[[], list[Path]]
) -> None:
    settings.UPLOAD_DISK_RESERVE_BYTES = 2**60
    answer = ann.post("/api/uploads/", BODY)
    assert (answer.status_code, answer.json()["code"]) == (507, "storage_full")
    assert ann.post("/api/tus/", headers={**TUS, "Upload-Length": "10"}).status_code == 507
    assert not UploadSession.objects.exists() and files() == []


def test_an_upload_that_meets_a_full_disk_midway_goes_on_later(ann: APIClient, small_disk: Path) -> None:
    first, second = ann.post("/api/uploads/", BODY), ann.post("/api/uploads/", BODY)
    assert (first.status_code, second.status_code) == (201, 201)
    assert ann.post("/api/uploads/", {**BODY, "length": 2_000_000}).status_code == 507
    (small_disk / "filler").write_bytes(bytes(700_000))

    def put(upload: Any) -> int:
        path = f"/api/uploads/{upload.json()['id']}/chunks/0/"
        return int(ann.put(path, b"x" * 600_000, content_type="application/octet-stream").status_code)

    assert put(first) == 507
    assert ann.get(f"/api/uploads/{first.json()['id']}/").json()["missing_chunks"] == [0]
    (small_disk / "filler").unlink()
    assert put(first) == 201
    assert put(second) == 507
    assert ann.delete(f"/api/uploads/{second.json()['id']}/").status_code == 204


def test_an_upload_of_unknown_length_that_meets_a_full_disk_goes_on_later(ann: APIClient, small_disk: Path) -> None:
    path = ann.post("/api/tus/", headers={**TUS, "Upload-Defer-Length": "1"})["Location"]

    def append(size: int, offset: int) -> Any:
        headers = {**TUS, "Upload-Offset": str(offset)}
        return ann.patch(path, b"x" * size, content_type="application/offset+octet-stream", headers=headers)

    assert append(100_000, 0).status_code == 204
    (small_disk / "filler").write_bytes(bytes(700_000))
    assert append(500_000, 100_000).status_code == 507
    assert ann.head(path, headers=TUS)["Upload-Offset"] == "100000"
    (small_disk / "filler").unlink()
    assert append(500_000, 100_000).status_code == 204
