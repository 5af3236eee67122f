"""Who has asked for an export, and how long it is the one that they get."""

import uuid

from django.utils import timezone

from accounts.models import User
from posts.exports.files import delete_files
from posts.models import DataExport
from posts.models.exports import ASKED_ONCE_IN
from realtime.models import Job
from realtime.outbox import record_job

MAKE_EXPORT = "posts.make_export"


def request_export(user: User) -> DataExport:
    """See `export_request`; the person is locked."""
    export = DataExport.objects.filter(user=user).first()
    if export is not None:
        if _is_good(export):
            return export
        _forget(export)
    export_id = uuid.uuid4()
    job = record_job(MAKE_EXPORT, export_id=str(export_id))
    return DataExport.objects.create(id=export_id, user=user, job=job.pk)


def forget_export(user: User) -> None:
    """Row, and with the commit file, of a person who is locked. A job that is making it finds no row."""
    export = DataExport.objects.filter(user=user).first()
    if export is not None:
        _forget(export)


def _is_good(export: DataExport) -> bool:
    """Whether it is the answer to somebody who asks again."""
    match export.status:
        case DataExport.Status.PENDING:
            return is_being_made(export)
        case DataExport.Status.READY:
            return export.requested_at > timezone.now() - ASKED_ONCE_IN
    return False


def is_being_made(export: DataExport) -> bool:
    """Whether its job is queued or running; not when that died without a word."""
    return Job.objects.filter(pk=export.job).exclude(state=Job.State.DEAD).exists()


def _forget(export: DataExport) -> None:
    export_id = export.pk
    export.delete()
    delete_files(export_id)
