"""What is Cloudinary's own: large files in pieces, what it refuses, where uploads wait; against a stub of its API."""

import os
from io import BytesIO

import pytest
from django.core.files.base import ContentFile, File
from django.core.files.storage import storages
from pytest_django import Settings
from rest_framework.test import APIClient

from core.errors import Unavailable
from media_pipeline.cloudinary_storage import LARGE
from media_pipeline.storage import public_url
from tests.media_pipeline.conftest import upload
from tests.media_pipeline.storages.cloudinary_stub import CLOUD, SECRET, Cloudinary
from tests.media_pipeline.storages.conftest import finalize, ready, uploaded
from tests.media_pipeline.video.films import film

KEY = "originals/ab/a-large-one"


def test_a_large_file_is_sent_in_pieces(cloud: Cloudinary) -> None:
    data, private = os.urandom(LARGE + 1000), storages["private"]
    assert private.save(KEY, File(BytesIO(data), name="x")) == KEY
    assert cloud.assets["raw", "authenticated", KEY][0] == data
    assert cloud.pieces == {}
    assert private.open(KEY).read() == data


def test_what_is_saved_again_is_replaced_under_the_same_name(cloud: Cloudinary) -> None:
    private = storages["private"]
    for content in (b"one", b"two"):
        assert private.save(KEY, ContentFile(content)) == KEY
    assert private.open(KEY).read() == b"two"
    assert private.exists(KEY)
    private.delete(KEY)
    private.delete(KEY)
    assert not private.exists(KEY)
    with pytest.raises(FileNotFoundError):
        private.open(KEY)


def test_a_film_has_its_playlists_and_its_bytes_as_they_are(ann: APIClient, cloud: Cloudinary) -> None:
    data = film()
    media = ready(ann, finalize(ann, uploaded(ann, data, 100_000)).json()["media_id"])
    assert media["hls_url"].startswith(f"http://{cloud.address}/{CLOUD}/raw/upload/v1/renditions/")
    assert media["poster"].startswith(f"http://{cloud.address}/{CLOUD}/image/upload/v1/renditions/")
    kinds = {public_id.rpartition(".")[2] for kind, _, public_id in cloud.assets if kind == "raw"}
    assert {"m3u8", "mp4"} <= kinds


def test_an_account_that_is_away_or_refuses_us_is_a_503(
    ann: APIClient, cloud: Cloudinary, settings: Settings, picture: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    cloud.is_down = True
    answer = upload(ann, picture)
    assert (answer.status_code, answer.json()["code"]) == (503, "unavailable")
    cloud.is_down = False
    settings.CLOUDINARY_URL = cloud.url.replace(SECRET, "another")
    settings.STORAGES = {**settings.STORAGES}
    with pytest.raises(Unavailable):
        storages["private"].save(KEY, ContentFile(b"x"))
    assert not cloud.assets
    assert "cloudinary_refused" in caplog.text and SECRET not in caplog.text


def test_addresses_are_cloudinarys_own(cloud: Cloudinary, settings: Settings) -> None:
    settings.CLOUDINARY_URL = "cloudinary://key:secret@kitchen"
    settings.STORAGES = {**settings.STORAGES}
    folder = "https://res.cloudinary.com/kitchen"
    assert public_url("renditions/ab/x/large.jpg") == f"{folder}/image/upload/v1/renditions/ab/x/large-jpg.jpg"
    assert public_url("renditions/ab/x/master.m3u8") == f"{folder}/raw/upload/v1/renditions/ab/x/master.m3u8"
