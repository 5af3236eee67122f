"""Where media lie, by what the environment says: the part of the settings in core/storage_settings.py."""

from pathlib import Path

import pytest

from tests.operations.test_settings import KEY, load, values


@pytest.mark.parametrize(
    ("environment", "storage", "backend"),
    [
        ({}, "local", "django.core.files.storage.FileSystemStorage"),
        ({"AWS_STORAGE_BUCKET_NAME": "simmer"}, "s3", "media_pipeline.s3.PublicBucket"),
        (
            {"CLOUDINARY_URL": "cloudinary://key:secret@cloud"},
            "cloudinary",
            "media_pipeline.cloudinary_storage.PublicCloudinary",
        ),
        (
            {"AWS_STORAGE_BUCKET_NAME": "simmer", "MEDIA_STORAGE": "local"},
            "local",
            "django.core.files.storage.FileSystemStorage",
        ),
    ],
    ids=["nothing said", "a bucket", "cloudinary", "a bucket for backups alone"],
)
def test_media_lie_where_there_is_a_place_for_them(
    tmp_path: Path, environment: dict[str, str], storage: str, backend: str
) -> None:
    found, storages = values(tmp_path, "MEDIA_STORAGE", "STORAGES", **environment)
    assert (found, storages["default"]["BACKEND"]) == (storage, backend)


def test_cloudinary_may_be_named_in_parts(tmp_path: Path) -> None:
    parts = {"CLOUDINARY_CLOUD_NAME": "kitchen", "CLOUDINARY_API_KEY": "key", "CLOUDINARY_API_SECRET": "secret"}
    assert values(tmp_path, "CLOUDINARY_URL", **parts) == ["cloudinary://key:secret@kitchen"]


@pytest.mark.parametrize(
    ("environment", "named"),
    [
        ({"MEDIA_STORAGE": "s3"}, "set AWS_STORAGE_BUCKET_NAME"),
        ({"MEDIA_STORAGE": "cloudinary"}, "set CLOUDINARY_URL"),
        ({"MEDIA_STORAGE": "ftp"}, "set it to local, s3 or cloudinary"),
        ({"BACKUPS_KEPT": "0"}, "set it to 1 or more"),
        ({"CLOUDINARY_API_SECRET": "secret"}, "set CLOUDINARY_CLOUD_NAME and CLOUDINARY_API_KEY as well"),
        ({"CLOUDINARY_CLOUD_NAME": "kitchen", "CLOUDINARY_API_KEY": "key"}, "set CLOUDINARY_API_SECRET as well"),
    ],
    ids=lambda value: "" if isinstance(value, str) else " ".join(value.values()),
)
def test_a_storage_that_is_not_configured_is_refused(tmp_path: Path, environment: dict[str, str], named: str) -> None:
    done = load(tmp_path, "DEBUG", SECRET_KEY=KEY, **environment)
    assert done.returncode != 0 and named in done.stderr


def test_amazons_hosts_are_named_after_the_bucket_and_others_are_not(tmp_path: Path) -> None:
    assert values(tmp_path, "AWS_S3_ADDRESSING_STYLE") == ["virtual"]
    own = {"AWS_S3_ENDPOINT_URL": "http://minio:9000"}
    assert values(tmp_path, "AWS_S3_ADDRESSING_STYLE", **own) == ["path"]
