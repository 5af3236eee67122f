"""Addresses of ours as they are reached from outside."""

from django.conf import settings


def absolute(url: str | None) -> str | None:
    """URL with our host; one that has a host already (of a bucket, say) stays as it is, and so does none."""
    return f"{settings.PUBLIC_URL}{url}" if url and url.startswith("/") else url
