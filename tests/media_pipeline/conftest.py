"""People who upload, and the way of a picture through the API, the worker and the public files."""

import socket
import threading
from collections.abc import Callable, Iterator
from io import BytesIO
from pathlib import Path
from typing import Any

import httpx
import pytest
from asgiref.sync import async_to_sync
from django.core.files.uploadedfile import SimpleUploadedFile
from PIL import Image
from pytest_django import Settings
from rest_framework.test import APIClient

from accounts.models import User
from core.files import MediaFiles
from core.private_files import PrivateFiles
from realtime.models import Job
from tests.jobs import run_jobs
from tests.media_pipeline.pictures import encoded, photo


def client_of(name: str) -> APIClient:
    """A signed-in client of a new person; `client.person` is the User."""
    client = APIClient()
    body = {"email": f"{name}@example.org", "username": name, "password": "correct horse battery", "role": "seller"}
    answer = client.post("/api/auth/register/", body)
    assert answer.status_code == 201, answer.content
    client.credentials(HTTP_AUTHORIZATION=f"Bearer {answer.json()['access']}")
    Job.objects.all().delete()  # the mail that greets them
    client.person = User.objects.get(username=name)  # type: ignore[attr-defined]
    return client


@pytest.fixture
def ann(db: None) -> APIClient:
    return client_of("ann")


@pytest.fixture
def bob(db: None) -> APIClient:
    return client_of("bob")


def upload(client: APIClient, data: bytes, name: str = "photo.jpg") -> Any:
    """POST /api/media/ as multipart."""
    return client.post("/api/media/", {"file": SimpleUploadedFile(name, data)}, format="multipart")


def processed(client: APIClient, data: bytes) -> Any:
    """The media shape after its job has run."""
    answer = upload(client, data)
    assert answer.status_code == 202, answer.content
    run_jobs()
    return client.get(f"/api/media/{answer.json()['id']}/").json()


@async_to_sync
async def get(url: str, method: str = "GET", **headers: str) -> httpx.Response:
    """A request to the routes of files."""
    app = PrivateFiles() if url.startswith("/private/") else MediaFiles()
    transport = httpx.ASGITransport(app=app)  # type: ignore[arg-type]
    async with httpx.AsyncClient(transport=transport, base_url="http://simmer") as client:
        return await client.request(method, url, headers={k.replace("_", "-"): v for k, v in headers.items()})


def fetched(url: str) -> Image.Image:
    answer = get(url)
    assert answer.status_code == 200, (url, answer.content)
    picture = Image.open(BytesIO(answer.content))
    picture.load()
    return picture


def all_outputs(media: Any) -> list[bytes]:
    """The six files made of a picture."""
    urls = [rendition[kind] for rendition in media["renditions"].values() for kind in ("url", "webp")]
    assert len(urls) == 6
    return [get(url).content for url in urls]


@pytest.fixture
def files(settings: Settings) -> Callable[[], list[Path]]:
    """All files in both storages, at each call."""

    def look() -> list[Path]:
        roots = (Path(settings.MEDIA_ROOT), Path(settings.PRIVATE_MEDIA_ROOT))
        return sorted(path for root in roots for path in root.rglob("*") if path.is_file())

    return look


@pytest.fixture(scope="session")
def picture() -> bytes:
    """A JPEG of some kilobytes."""
    return encoded(photo(640, 480))


@pytest.fixture
def listener() -> Iterator[tuple[int, list[bytes]]]:
    """A port on which somebody listens, and what was said to it."""
    heard: list[bytes] = []
    with socket.create_server(("127.0.0.1", 0)) as server:

        def listen() -> None:
            while True:
                try:
                    connection, _ = server.accept()
                except OSError:
                    return
                with connection:
                    heard.append(connection.recv(100))

        thread = threading.Thread(target=listen, daemon=True)
        thread.start()
        yield server.getsockname()[1], heard
        server.shutdown(socket.SHUT_RDWR)
        thread.join()
