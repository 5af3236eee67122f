"""The gateway reads static files and media itself, with the headers that web gives them."""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from pytest_django import Settings

from accounts.services.staff import user_restore
from core import files
from core.processes import bound, free_port, stop
from tests import services
from tests.factories import PASSWORD, UserFactory
from tests.jobs import run_jobs
from tests.media_pipeline.conftest import client_of, processed
from tests.media_pipeline.pictures import encoded, photo
from tests.operations.gateway import Gateway, running_gateway
from tests.stack import Stack, wait_until

PICTURE = bytes(range(256)) * 40


@pytest.fixture
def gateway(nginx: str, stack: Stack, tmp_path: Path) -> Iterator[Gateway]:
    with running_gateway(nginx, tmp_path, stack.url) as running:
        for name in ("media/ab/picture.webp", "media/ab/.hidden.webp", "media/page.html", "static/a.js", "private/x"):
            path = running.files / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(PICTURE)
        (running.files / "media/link.webp").symlink_to(running.files / "private/x")
        yield running


def get(gateway: Gateway, path: str, **headers: str) -> httpx.Response:
    return httpx.get(f"{gateway.url}{path}", headers=headers)


def test_a_picture_comes_with_webs_headers_and_without_web(gateway: Gateway) -> None:
    answer = get(gateway, "/media/ab/picture.webp")
    assert answer.status_code == 200 and answer.content == PICTURE
    assert answer.headers["content-type"] == "image/webp"
    for name, value in files.HEADERS.items():
        assert answer.headers[name] == value, name
    assert "cache-control" in answer.headers and "immutable" in answer.headers["cache-control"]
    wait_until(lambda: "/media/ab/picture.webp" in gateway.access_log, what="the line")
    [line] = [line for line in gateway.access_log.splitlines() if "/media/ab/picture.webp" in line]
    assert "upstream=- " in line


@pytest.mark.parametrize(
    ("wanted", "status", "content"),
    [
        ("bytes=10-19", 206, PICTURE[10:20]),
        ("bytes=-5", 206, PICTURE[-5:]),
        ("bytes=10200-", 206, PICTURE[10200:]),
        ("bytes=99999-", 416, None),
    ],
)
def test_a_part_of_a_picture_may_be_asked_for(
    gateway: Gateway, wanted: str, status: int, content: bytes | None
) -> None:
    answer = get(gateway, "/media/ab/picture.webp", Range=wanted)
    assert answer.status_code == status
    assert content is None or answer.content == content
    assert answer.headers["content-range"].endswith(f"/{len(PICTURE)}")


def test_an_unchanged_picture_is_a_304(gateway: Gateway) -> None:
    tag = get(gateway, "/media/ab/picture.webp").headers["etag"]
    assert get(gateway, "/media/ab/picture.webp", **{"If-None-Match": tag}).status_code == 304


@pytest.mark.parametrize(
    "path",
    [
        "/media/ab/.hidden.webp",
        "/media/page.html",
        "/media/link.webp",
        "/media/ab/",
        "/media/ab/nothing.webp",
        "/media/../private/x",
        "/media/ab/%2e%2e/%2e%2e/private/x",
        "/static/../private/x",
        "/private/x",
        "/accel/private/x",
    ],
)
def test_nothing_else_is_served(gateway: Gateway, path: str) -> None:
    # httpx would resolve the dots itself.
    raw = httpx.Request("GET", f"{gateway.url}/", extensions={"target": path.encode()})
    with httpx.Client() as client:
        answer = client.send(raw)
    assert answer.status_code in (403, 404), answer.status_code
    assert PICTURE not in answer.content
    assert answer.headers["content-type"] == "application/problem+json"


def test_a_static_file_comes_from_the_volume(gateway: Gateway) -> None:
    answer = get(gateway, "/static/a.js")
    assert answer.content == PICTURE and "javascript" in answer.headers["content-type"]
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["cache-control"] == "public, max-age=60"


def test_what_is_not_on_the_volume_is_webs(gateway: Gateway) -> None:
    answer = get(gateway, "/static/core/docs.js")
    assert answer.status_code == 200 and answer.headers.get_list("x-content-type-options") == ["nosniff"]
    missing = get(gateway, "/media/nothing.webp")
    assert missing.json()["code"] == "not_found" and missing.headers.get_list("x-content-type-options") == ["nosniff"]


# --- where web sends the gateway ---


@pytest.fixture
def redirecting(nginx: str, tmp_path: Path) -> Iterator[Gateway]:
    port = free_port()
    command = [sys.executable, "-m", "tests.core.serve", "tests.operations.redirecting:application"]
    process = subprocess.Popen(
        bound([*command, "--port", str(port)]), cwd=services.ROOT, env=dict(os.environ), start_new_session=True
    )
    try:
        with running_gateway(nginx, tmp_path, f"http://127.0.0.1:{port}") as running:
            for folder in ("private", "media"):
                (running.files / folder).mkdir()
                (running.files / folder / "original").write_bytes(PICTURE)
            yield running
    finally:
        stop(process)


@pytest.mark.parametrize("place", ["private", "public"])
def test_a_file_that_web_has_let_pass_is_sent_by_the_gateway(redirecting: Gateway, place: str) -> None:
    answer = get(redirecting, f"/{place}/original")
    assert answer.status_code == 200 and answer.content == PICTURE
    assert answer.headers["content-type"] == ("image/jpeg" if place == "private" else "image/webp")
    assert answer.headers["cache-control"] == "private, max-age=60"
    if place == "private":
        assert answer.headers["content-disposition"].startswith("attachment")
    for name, value in files.HEADERS.items():
        if name != "cache-control":
            assert answer.headers[name] == value, name
    assert get(redirecting, f"/{place}/original", Range="bytes=3-4").content == PICTURE[3:5]
    assert "x-accel-redirect" not in answer.headers


def test_a_file_that_is_gone_is_a_problem(redirecting: Gateway) -> None:
    answer = get(redirecting, "/private/gone")
    assert answer.status_code == 404 and answer.json()["code"] == "not_found"


def test_withdrawn_media_are_gone_from_the_gateway_as_well(gateway: Gateway, db: None, settings: Settings) -> None:
    """The files are those of this process; what the gateway does not find it asks web for, which has others."""
    settings.MEDIA_ROOT, settings.PRIVATE_MEDIA_ROOT = gateway.files / "media", gateway.files / "private"
    settings.STORAGES = {
        **settings.STORAGES,
        "default": {
            **settings.STORAGES["default"],
            "OPTIONS": {"location": settings.MEDIA_ROOT, "base_url": "/media/"},
        },
        "private": {**settings.STORAGES["private"], "OPTIONS": {"location": settings.PRIVATE_MEDIA_ROOT}},
    }
    ann = client_of("ann")
    media = processed(ann, encoded(photo(64, 48)))
    urls = [rendition[kind] for rendition in media["renditions"].values() for kind in ("url", "webp")]
    assert {get(gateway, url).status_code for url in urls} == {200}
    assert ann.delete("/api/me/", {"password": PASSWORD}).status_code == 204
    run_jobs()
    for url in urls:
        answer = get(gateway, url)
        assert (answer.status_code, "immutable" in answer.headers.get("cache-control", "")) == (404, False)
    user_restore(moderator=UserFactory(staff_role="admin"), user=ann.person)  # type: ignore[attr-defined]
    run_jobs()
    assert {get(gateway, url).status_code for url in urls} == {200}
