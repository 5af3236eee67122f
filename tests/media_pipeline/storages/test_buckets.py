"""Media in a bucket: a film that plays from its address, and what may be set: domains, folders, ACLs, signatures."""

from fractions import Fraction

import av
import httpx
import pytest
from django.core.checks import run_checks
from pytest_django import Settings
from rest_framework.test import APIClient

from media_pipeline.finalizing import sweep_uploads
from media_pipeline.models import Media
from media_pipeline.shapes import media_shape
from media_pipeline.storage import public_url
from media_pipeline.tasks import sweep_files
from tests.media_pipeline.storages.conftest import (
    finalize,
    nothing_left_of_uploads,
    on_s3,
    original_of,
    ready,
    uploaded,
)
from tests.media_pipeline.video.films import film
from tests.s3 import Bucket, media_on_s3

PLAYLIST, VIDEO = "application/vnd.apple.mpegurl", "video/mp4"


def test_a_film_in_a_bucket_plays_from_its_address(ann: APIClient, moto: Bucket, settings: Settings) -> None:
    place, data = on_s3(moto, settings), film()
    media_id = finalize(ann, uploaded(ann, data, 100_000)).json()["media_id"]
    media = ready(ann, media_id)
    assert original_of(place, media_id) == data
    assert nothing_left_of_uploads(place)
    assert media["hls_url"].startswith(f"{moto.endpoint}/{moto.name}/renditions/")
    assert media["hls_url"].endswith(".m3u8")

    kinds = {}
    for name in place.names("renditions"):
        answer = httpx.get(f"{moto.endpoint}/{moto.name}/{name}")
        kinds[name.rpartition(".")[2]] = answer.headers["content-type"]
        assert answer.headers["cache-control"] == "public, max-age=31536000, immutable"
    assert kinds == {"m3u8": PLAYLIST, "mp4": VIDEO, "jpg": "image/jpeg", "webp": "image/webp"}
    assert httpx.get(media["poster"]).headers["content-type"] == "image/jpeg"

    with av.open(media["hls_url"]) as playing:
        heights = {stream.height for stream in playing.streams.video}
        frames = sum(1 for _ in playing.decode(playing.streams.video[0]))
    assert heights == {540, 360}
    assert abs(Fraction(frames, 15) - 2) < Fraction(1, 5)


def test_a_film_whose_bytes_pass_rclone_is_ready(ann: APIClient, rclone: Bucket, settings: Settings) -> None:
    place, data = on_s3(rclone, settings), film()
    media_id = finalize(ann, uploaded(ann, data, 100_000)).json()["media_id"]
    media = ready(ann, media_id)
    assert original_of(place, media_id) == data
    master = httpx.get(media["hls_url"])
    assert master.headers["content-type"] == PLAYLIST
    assert master.text.startswith("#EXTM3U")


def test_addresses_are_those_of_the_domain_before_the_bucket(moto: Bucket, settings: Settings) -> None:
    on_s3(moto, settings)
    settings.AWS_S3_CUSTOM_DOMAIN, settings.AWS_LOCATION = "media.example", "simmer"
    settings.STORAGES = {**settings.STORAGES}
    media = Media(kind="video", status="ready", hls="renditions/ab/x/master.m3u8")
    assert media_shape(media)["hls_url"] == "https://media.example/simmer/renditions/ab/x/master.m3u8"


@pytest.mark.parametrize(
    ("style", "wanted"),
    [
        ("virtual", "https://simmer-media.s3.eu-west-1.amazonaws.com/renditions/x.jpg"),
        ("path", "https://s3.eu-west-1.amazonaws.com/simmer-media/renditions/x.jpg"),
    ],
)
def test_addresses_are_amazons_in_its_region(moto: Bucket, settings: Settings, style: str, wanted: str) -> None:
    on_s3(moto, settings)
    settings.AWS_S3_ENDPOINT_URL, settings.AWS_S3_REGION_NAME = None, "eu-west-1"
    settings.AWS_STORAGE_BUCKET_NAME, settings.AWS_S3_ADDRESSING_STYLE = "simmer-media", style
    settings.STORAGES = {**settings.STORAGES}
    assert public_url("renditions/x.jpg") == wanted


@pytest.mark.parametrize(
    ("is_signed", "domain", "warned"), [(False, None, False), (True, None, True), (True, "media.example", False)]
)
def test_whoever_has_addresses_signed_is_told_that_videos_do_not_play(
    moto: Bucket, settings: Settings, is_signed: bool, domain: str | None, warned: bool
) -> None:
    media_on_s3(settings)
    settings.AWS_QUERYSTRING_AUTH, settings.AWS_S3_CUSTOM_DOMAIN = is_signed, domain
    found = {message.id for message in run_checks(tags=["media"])}
    assert ("media_pipeline.W002" in found) is warned


def test_all_keys_may_be_in_a_folder_of_the_bucket(
    ann: APIClient, bucket: Bucket, settings: Settings, picture: bytes, nothing_is_young: None
) -> None:
    settings.AWS_LOCATION, settings.AWS_QUERYSTRING_AUTH = "a/b", True
    media_on_s3(settings)
    media = ready(ann, finalize(ann, uploaded(ann, picture, 8192)).json()["media_id"])
    uploaded(ann, picture, 8192)
    bucket.client.create_multipart_upload(Bucket=bucket.name, Key=f"a/b/originals/00/{media['id']}-x")
    used = bucket.keys()
    assert used and all(key.startswith("a/b/") for key in used)
    sweep_uploads()
    sweep_files()
    assert bucket.keys() == used and bucket.unfinished() == []
    assert httpx.get(media["url"]).status_code == 200
    original = ann.get(f"/api/media/{media['id']}/original/").json()
    assert httpx.get(original["url"]).content == picture


def test_where_there_are_no_policies_renditions_are_public_by_their_acl(
    ann: APIClient, moto: Bucket, settings: Settings, picture: bytes
) -> None:
    settings.AWS_DEFAULT_ACL = "public-read"
    media_on_s3(settings)
    media = ready(ann, finalize(ann, uploaded(ann, picture, 8192)).json()["media_id"])
    names = moto.keys()
    for name in names:
        status = httpx.get(f"{moto.endpoint}/{moto.name}/{name}").status_code
        assert status == (200 if name.startswith("renditions/") else 403), name
    assert httpx.get(media["url"]).status_code == 200
