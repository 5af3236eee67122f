"""The settings that keep tests apart, and from the machine that they run on."""

from pathlib import Path
from typing import Any

from django.conf import settings


def isolation(folder: Path) -> dict[str, Any]:
    """No throttles, cheap passwords, files in FOLDER."""
    media, private = folder / "media", folder / "private"
    options = {
        "default": {"location": media, "base_url": settings.MEDIA_URL},
        "private": {"location": private, "base_url": None},
    }
    return {
        "THROTTLES": dict.fromkeys(settings.THROTTLES, "off"),
        **dict.fromkeys(["SOCKETS_PER_USER", "SOCKETS_PER_ADDRESS", "CHANNELS_PER_SOCKET"]),
        "PASSWORD_HASHERS": ["django.contrib.auth.hashers.MD5PasswordHasher"],
        "MEDIA_ROOT": media,
        "PRIVATE_MEDIA_ROOT": private,
        "MEDIA_STORAGE": "local",
        "BACKUP_DIR": folder / "backups",
        "BACKUP_BUCKET": "",
        "STORAGES": {
            **settings.STORAGES,
            **{name: {**settings.STORAGES[name], "OPTIONS": value} for name, value in options.items()},
        },
    }
