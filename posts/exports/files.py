"""Where the file of an export lies: in the private storage, in a folder of its export, under a name of each attempt."""

import secrets
import uuid

from django.core.files.storage import Storage
from django.db import transaction

from media_pipeline import storage
from posts.models import DataExport

EXPORTS = "exports"
CONTENT_TYPE = "application/zip"


def folder_of(export_id: uuid.UUID) -> str:
    return f"{EXPORTS}/{export_id}"


def new_key(export_id: uuid.UUID) -> str:
    """Of one attempt: what another left half written does not matter."""
    return f"{folder_of(export_id)}/{secrets.token_hex(8)}"


def url_of(export: DataExport, username: str) -> str:
    """An address of its file, for whoever holds it: as of an original, for SIGNED_SECONDS."""
    assert export.ready_at is not None
    filename = f"simmer-{username}-{export.ready_at:%Y-%m-%d}.zip"
    return storage.original_url(export.file, content_type=CONTENT_TYPE, filename=filename)


def delete_files(export_id: uuid.UUID) -> None:
    """All of that export, once the current transaction is committed."""
    folder = folder_of(export_id)
    transaction.on_commit(lambda: storage.delete_folder(storage.private_storage(), folder), robust=True)


def delete_others(private: Storage, *, keep: str) -> None:
    """What attempts have left beside the file that one of them committed."""
    folder = keep.rpartition("/")[0]
    for name, _ in list(storage.walk(private, folder)):
        if name != keep:
            storage.delete_quietly(private, name)
