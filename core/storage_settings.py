"""The part of the settings about files: where media lie, and how a bucket or Cloudinary is reached. Fails loudly."""

from pathlib import Path
from typing import Any

import environ
from django.core.exceptions import ImproperlyConfigured

FOLDER = "django.core.files.storage.FileSystemStorage"


def django(env: environ.Env, *, dev_dir: Path, media_url: str) -> dict[str, Any]:
    """Settings by their names."""
    # Public renditions; and originals and uploads in parts. In folders, unless a bucket or Cloudinary has them.
    public = Path(env.str("MEDIA_ROOT", default=str(dev_dir / "media")))
    private = Path(env.str("PRIVATE_MEDIA_ROOT", default=str(dev_dir / "private")))
    found: dict[str, Any] = {
        "MEDIA_ROOT": public,
        "PRIVATE_MEDIA_ROOT": private,
        # Originals, by signed addresses alone.
        "PRIVATE_MEDIA_URL": "/private/",
        # nginx sends the files of these folders, when it is told which.
        "ACCEL_REDIRECT": env.bool("ACCEL_REDIRECT", default=False),
        **_bucket(env),
        "CLOUDINARY_URL": _cloudinary_url(env),
    }
    # The weekly backup of users goes to this bucket; without one, to this folder.
    found["BACKUP_BUCKET"] = env.str("BACKUP_BUCKET", default=found["AWS_STORAGE_BUCKET_NAME"])
    found["BACKUP_DIR"] = Path(env.str("BACKUP_DIR", default=str(dev_dir / "backups")))
    found["BACKUPS_KEPT"] = env.int("BACKUPS_KEPT", default=12)
    if found["BACKUPS_KEPT"] < 1:
        raise ImproperlyConfigured("BACKUPS_KEPT would delete the backup that was just made: set it to 1 or more.")
    storage = _media_storage(env, bucket=found["AWS_STORAGE_BUCKET_NAME"], cloudinary_url=found["CLOUDINARY_URL"])
    storages = {
        "local": (
            {"BACKEND": FOLDER, "OPTIONS": {"location": public, "base_url": media_url}},
            {"BACKEND": FOLDER, "OPTIONS": {"location": private, "base_url": None}},
        ),
        "s3": ({"BACKEND": "media_pipeline.s3.PublicBucket"}, {"BACKEND": "media_pipeline.s3.PrivateBucket"}),
        "cloudinary": (
            {"BACKEND": "media_pipeline.cloudinary_storage.PublicCloudinary"},
            {"BACKEND": "media_pipeline.cloudinary_storage.PrivateCloudinary"},
        ),
    }
    default, originals = storages[storage]
    static = {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}
    return {
        **found,
        "MEDIA_STORAGE": storage,
        "STORAGES": {"default": default, "private": originals, "staticfiles": static},
    }


def _bucket(env: environ.Env) -> dict[str, Any]:
    """A bucket of S3 or of what speaks like it, in django-storages' names. Without keys boto3 looks for a role."""
    endpoint = env.str("AWS_S3_ENDPOINT_URL", default="") or None
    return {
        "AWS_STORAGE_BUCKET_NAME": env.str("AWS_STORAGE_BUCKET_NAME", default=""),
        "AWS_ACCESS_KEY_ID": env.str("AWS_ACCESS_KEY_ID", default="") or None,
        "AWS_SECRET_ACCESS_KEY": env.str("AWS_SECRET_ACCESS_KEY", default="") or None,
        "AWS_SESSION_TOKEN": env.str("AWS_SESSION_TOKEN", default="") or None,
        "AWS_S3_REGION_NAME": env.str("AWS_S3_REGION_NAME", default="") or None,
        "AWS_S3_ENDPOINT_URL": endpoint,
        "AWS_S3_CUSTOM_DOMAIN": env.str("AWS_S3_CUSTOM_DOMAIN", default="") or None,
        "AWS_S3_URL_PROTOCOL": env.str("AWS_S3_URL_PROTOCOL", default="https:"),
        # Amazon's own hosts are named after the bucket, in its region: others redirect, which breaks signatures.
        "AWS_S3_ADDRESSING_STYLE": env.str("AWS_S3_ADDRESSING_STYLE", default="path" if endpoint else "virtual"),
        "AWS_S3_SIGNATURE_VERSION": env.str("AWS_S3_SIGNATURE_VERSION", default="s3v4"),
        "AWS_LOCATION": env.str("AWS_LOCATION", default="").strip("/"),
        # Of the public files alone: signed addresses, and an ACL where the bucket has no policy.
        "AWS_QUERYSTRING_AUTH": env.bool("AWS_QUERYSTRING_AUTH", default=False),
        "AWS_DEFAULT_ACL": env.str("AWS_DEFAULT_ACL", default="") or None,
    }


def _cloudinary_url(env: environ.Env) -> str:
    """`cloudinary://key:secret@cloud`, which may come in parts; empty without an account."""
    if url := env.str("CLOUDINARY_URL", default=""):
        return str(url)
    parts = {
        "CLOUDINARY_CLOUD_NAME": env.str("CLOUDINARY_CLOUD_NAME", default=""),
        "CLOUDINARY_API_KEY": env.str("CLOUDINARY_API_KEY", default=""),
        "CLOUDINARY_API_SECRET": env.str("CLOUDINARY_API_SECRET", default=""),
    }
    if not any(parts.values()):
        return ""
    if missing := [name for name, value in parts.items() if not value]:
        raise ImproperlyConfigured(f"The Cloudinary account is named in part: set {' and '.join(missing)} as well.")
    cloud, key, secret = parts.values()
    return f"cloudinary://{key}:{secret}@{cloud}"


def _media_storage(env: environ.Env, *, bucket: str, cloudinary_url: str) -> str:
    """The first place that is configured, unless one is named (so that a bucket has backups alone)."""
    default = "s3" if bucket else "cloudinary" if cloudinary_url else "local"
    storage: str = env.str("MEDIA_STORAGE", default=default)
    if storage not in ("local", "s3", "cloudinary"):
        raise ImproperlyConfigured(f"MEDIA_STORAGE is {storage!r}: set it to local, s3 or cloudinary.")
    if storage == "s3" and not bucket:
        raise ImproperlyConfigured("MEDIA_STORAGE is s3: set AWS_STORAGE_BUCKET_NAME.")
    if storage == "cloudinary" and not cloudinary_url:
        raise ImproperlyConfigured("MEDIA_STORAGE is cloudinary: set CLOUDINARY_URL or CLOUDINARY_CLOUD_NAME.")
    return storage
