"""The route of originals on a disk: a signed address is good for what was signed, and for an hour."""

import time
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from pytest_django import Settings

from core.private_files import signed_address
from tests.media_pipeline.conftest import get

KEY = "originals/ab/abcdef"


@pytest.fixture(autouse=True)
def file(settings: Settings) -> Path:
    path = Path(settings.PRIVATE_MEDIA_ROOT) / KEY
    path.parent.mkdir(parents=True)
    path.write_bytes(b"<script>alert(1)</script>")
    (path.parent / "other").write_bytes(b"of somebody else")
    return path


def address(key: str = KEY, *, seconds: int = 3600) -> str:
    return signed_address(key, content_type="image/jpeg", filename="a.jpg", seconds=seconds)


def test_a_signed_address_gives_an_attachment_that_no_browser_runs(file: Path) -> None:
    answer = get(address())
    assert (answer.status_code, answer.content) == (200, file.read_bytes())
    assert answer.headers["content-type"] == "image/jpeg"
    assert answer.headers["content-disposition"] == 'attachment; filename="a.jpg"'
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["content-security-policy"] == "default-src 'none'; sandbox"
    assert answer.headers["cache-control"].startswith("private, max-age=")
    assert get(address(), "HEAD").headers["content-length"] == str(len(file.read_bytes()))
    assert get(address(), range="bytes=1-6").content == b"script"
    assert get(address(), if_none_match=answer.headers["etag"]).status_code == 304


@pytest.mark.parametrize(
    ("signed", "changed"),
    [
        ("abcdef", "other"),
        ("image%2Fjpeg", "text%2Fhtml"),
        ("a.jpg", "a.html"),
        ("expires=", "expires=9"),
        ("signature=", "signature=0"),
        ("signature=", "signature=%E2%82%AC"),
        ("signature=", "sign="),
        ("?", "?expires=1&"),
    ],
)
def test_a_changed_address_is_refused(signed: str, changed: str) -> None:
    url = address()
    assert signed in url
    answer = get(url.replace(signed, changed, 1))
    if changed == "?expires=1&":  # the last one counts
        assert answer.status_code == 200
    else:
        assert (answer.status_code, answer.json()["code"]) == (403, "bad_signature")


def test_without_a_signature_nothing_is_said(file: Path) -> None:
    for path in (KEY, "originals/ab/missing", "", "originals/", "../media/x.jpg", "originals/ab/%00"):
        answer = get(f"/private/{path}")
        assert answer.status_code in (403, 404)
        assert answer.content != file.read_bytes()


def test_an_old_address_says_so() -> None:
    assert get(address(seconds=0)).json()["code"] == "link_expired"
    assert get(address(seconds=-1), "HEAD").status_code == 403


def test_an_address_is_good_for_an_hour_and_no_longer(monkeypatch: pytest.MonkeyPatch) -> None:
    url, now = address(), time.time()
    monkeypatch.setattr(time, "time", lambda: now + 3590)
    assert get(url).status_code == 200
    monkeypatch.setattr(time, "time", lambda: now + 3601)
    assert get(url).json()["code"] == "link_expired"


def test_a_signature_opens_nothing_outside(file: Path) -> None:
    (file.parent / "link").symlink_to("/etc/hostname")
    (file.parent.parent / "folder").mkdir()
    for key in ("../../../etc/hostname", "/etc/hostname", "originals/ab/link", "originals/folder", ".env"):
        assert get(address(key).replace("..", "%2e%2e")).status_code == 404, key


def test_the_key_of_the_installation_signs(settings: Settings) -> None:
    url = address()
    settings.SECRET_KEY = "another key of fifty characters that signs other addresses"
    assert get(url).status_code == 403


@pytest.mark.parametrize(
    ("url", "inside"),
    [
        ("/media/renditions/ab/x.jpg", "/accel/public/renditions/ab/x.jpg"),
        (address(), f"/accel/private/{KEY}"),
    ],
)
def test_the_gateway_may_be_told_to_send_the_file(url: str, inside: str, settings: Settings) -> None:
    settings.ACCEL_REDIRECT = True
    answer = get(url)
    assert (answer.status_code, answer.content) == (200, b"")
    assert answer.headers["x-accel-redirect"] == inside
    assert answer.headers["content-type"] == "image/jpeg"
    assert answer.headers["cache-control"]


@pytest.mark.parametrize("name", ["x.html", "..%2f..%2fprivate/originals/x.jpg", ".hidden.jpg", "a//b.jpg"])
def test_the_gateway_is_told_of_nothing_that_may_not_be_served(name: str, settings: Settings) -> None:
    settings.ACCEL_REDIRECT = True
    answer = get(f"/media/{name}")
    assert answer.status_code == 404
    assert "x-accel-redirect" not in answer.headers


def test_the_gateway_gets_no_header_of_the_clients_making(settings: Settings) -> None:
    settings.ACCEL_REDIRECT = True
    answer = get("/media/a%0d%0ax-evil:%201%3f.jpg")
    assert urlsplit(answer.headers["x-accel-redirect"]).path == "/accel/public/a%0D%0Ax-evil%3A%201%3F.jpg"
    assert "x-evil" not in answer.headers
