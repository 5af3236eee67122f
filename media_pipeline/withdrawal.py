"""Media follow the state of their owner's account: withdrawn from their addresses while it is closed, else in place.

The files of a withdrawn media lie in the private storage under other names (`storage.withdrawn`), so their addresses
answer 404, signed addresses of originals included. `Media.is_withdrawn` says where they lie; a job makes that agree
with `is_active` of the owner, in either direction. Only finished media (ready or failed) are moved: workers still read
the originals of the others, none of which has a public file in use or a signed address.

Files are moved, and not guarded where they lie: a gateway and buckets serve them without asking anybody.
"""

import uuid
from collections.abc import Callable

from django.contrib.auth import get_user_model
from django.core.files.storage import Storage
from django.db import transaction
from django.db.models import Q

from core.periodic import periodic
from media_pipeline import storage
from media_pipeline.events import MediaFailed, MediaReady
from media_pipeline.models import Media, MediaQuerySet
from media_pipeline.moving import move_file, move_folder
from realtime.events import on
from realtime.jobs import RunningJob, job, revive
from realtime.models import Job
from realtime.outbox import record_job

FOLLOW_OWNER = "media_pipeline.follow_owner"
# Media that one run of the job moves: with a bucket a dozen copies each.
CHUNK = 100
LEFT_PUBLIC = Q(status__in=Media.FINISHED, is_withdrawn=False, owner__is_active=False)
LEFT_WITHDRAWN = Q(is_withdrawn=True, owner__is_active=True)


@job(FOLLOW_OWNER, queue="images", time_limit=900)
def follow_owner(run: RunningJob, *, owner_id: int) -> None:
    """Withdraws the media of a closed account, or puts those of an open one back.

    Each media is a transaction of its own: killed anywhere and run again, the job goes on with what is left.
    """
    media = Media.objects.filter(owner=owner_id)
    # Waits for a worker that finishes one at this moment. One that is finished later asks for this job itself.
    _settle_all(media.exclude(status__in=Media.FINISHED))
    misplaced = media.filter(LEFT_PUBLIC | LEFT_WITHDRAWN)
    _settle_all(misplaced[:CHUNK])
    with transaction.atomic():
        run.done()
        if misplaced.exists():
            record_job(FOLLOW_OWNER, owner_id=owner_id)


@on(MediaReady)
def withdraw_ready(event: MediaReady) -> None:
    _withdraw_if_closed(event)


@on(MediaFailed)
def withdraw_failed(event: MediaFailed) -> None:
    _withdraw_if_closed(event)


def _withdraw_if_closed(event: MediaReady | MediaFailed) -> None:
    """Asks for the job when media are finished after their owner's account was closed. One query.

    The transaction that finishes media locks their row before: either `follow_owner` waits for its commit, or this
    sees the account closed.
    """
    if not _is_active(event.owner_id):
        # Its new files are public, also of one that had failed, was withdrawn, and was tried again.
        Media.objects.filter(pk=event.id).update(is_withdrawn=False)
        record_job(FOLLOW_OWNER, owner_id=event.owner_id)


@periodic("media_pipeline.follow_owners")
def follow_owners() -> None:
    """Every five minutes: asks for the job where it has failed for good, or was never asked for."""
    # One after the other: a condition that has both could use no index.
    owners = {*Media.objects.filter(LEFT_PUBLIC).values_list("owner", flat=True).distinct()}
    owners |= {*Media.objects.filter(LEFT_WITHDRAWN).values_list("owner", flat=True).distinct()}
    asked = Job.objects.filter(task=FOLLOW_OWNER, args__owner_id__in=sorted(owners))
    # Rather than a second job: a storage that stays broken makes one dead job, not one each time.
    revive(asked)
    for owner_id in sorted(owners - set(asked.values_list("args__owner_id", flat=True))):
        with transaction.atomic():
            record_job(FOLLOW_OWNER, owner_id=owner_id)


def _settle_all(media: MediaQuerySet) -> None:
    for media_id in list(media.values_list("pk", flat=True)):
        _settle(media_id)


@transaction.atomic
def _settle(media_id: uuid.UUID) -> None:
    """Moves the files of one media, if they have to be elsewhere."""
    media = Media.objects.select_for_update(no_key=True).filter(pk=media_id).first()
    if media is None or not media.is_finished:
        return
    # A query of its own, after the lock: the account may have been opened or closed meanwhile.
    is_closed = not _is_active(media.owner_id)
    if media.is_withdrawn == is_closed:
        return
    _move(media, withdraw=is_closed)
    media.is_withdrawn = is_closed
    media.save(update_fields=["is_withdrawn"])


def _move(media: Media, *, withdraw: bool) -> None:
    private, public = storage.private_storage(), storage.public_storage()
    moves: list[tuple[Callable[[Storage, str, Storage, str], None], Storage, str]]
    moves = [(move_file, private, media.original)]
    if folder := storage.run_folder(media.renditions):
        # First: everyone may know these addresses.
        moves.insert(0, (move_folder, public, folder))
    for move, place, name in moves:
        if withdraw:
            move(place, name, private, storage.withdrawn(name))
        else:
            move(private, storage.withdrawn(name), place, name)


def _is_active(owner_id: int) -> bool:
    found: bool = get_user_model()._default_manager.filter(pk=owner_id, is_active=True).exists()
    return found
