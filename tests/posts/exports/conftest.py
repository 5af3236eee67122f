"""An export as its owner gets it: asked for, made, fetched, opened."""

import io
import json
from datetime import timedelta
from typing import Any
from zipfile import ZipFile

import httpx

from posts.models import DataExport
from tests.jobs import run_jobs
from tests.media_pipeline import conftest as media
from tests.media_pipeline.conftest import get
from tests.media_pipeline.storages import conftest as storages
from tests.recipes.conftest import Person

# Media, and with them exports, on the local disk, on two S3 servers, at a stub of Cloudinary.
place, cloud = storages.place, storages.cloud
picture = media.picture

PATH = "/api/me/export/"


def asked(person: Person) -> dict[str, Any]:
    response = person.post(PATH)
    assert response.status_code in (200, 202), response.content
    shape: dict[str, Any] = response.json()
    return shape


def state(person: Person) -> dict[str, Any]:
    response = person.get(PATH)
    assert response.status_code == 200, response.content
    shape: dict[str, Any] = response.json()
    return shape


def ready(person: Person) -> dict[str, Any]:
    """Its state once it was asked for and the jobs have run."""
    asked(person)
    assert "posts.make_export" in run_jobs()
    shape = state(person)
    assert shape["status"] == "ready"
    return shape


def unpacked(content: bytes) -> dict[str, bytes]:
    """The files of a ZIP that is whole, by name."""
    with ZipFile(io.BytesIO(content)) as archive:
        assert archive.testzip() is None
        return {name: archive.read(name) for name in archive.namelist()}


def exported(person: Person) -> dict[str, Any]:
    """All of its JSON files, by name without the ending."""
    files = unpacked(fetched(ready(person)).content)
    return {
        name.removesuffix(".json"): json.loads(content) for name, content in files.items() if name.endswith(".json")
    }


def fetched(shape: dict[str, Any]) -> httpx.Response:
    """The file of the local disk, as somebody gets it who has the address alone."""
    answer: httpx.Response = get(shape["url"])
    assert answer.status_code == 200
    return answer


def later(**time: int) -> None:
    """All exports become older by so much."""
    passed = timedelta(**time)
    for export in DataExport.objects.all():
        export.requested_at -= passed
        if export.ready_at is not None:
            export.ready_at -= passed
        if export.expires_at is not None:
            export.expires_at -= passed
        export.save()
