"""Uploads that are known by the file's name alone."""

import pytest
from rest_framework.test import APIClient

from media_pipeline.extents import Writing
from media_pipeline.models import Media, UploadSession
from media_pipeline.named import upload_end, upload_for_name
from media_pipeline.sessions import upload_declare_length, upload_open
from tests.concurrently import assert_waits_for_the_person
from tests.media_pipeline.conftest import client_of
from tests.media_pipeline.video.films import film


def test_one_that_another_request_has_ended_meanwhile_is_returned_as_it_is(ann: APIClient) -> None:
    data = film("320x180", seconds=1)
    upload, _ = upload_for_name(owner=ann.person, name="dinner.mp4", head=data[:64])  # type: ignore[attr-defined]
    writing = Writing(upload, 0)
    writing.append([data])
    assert writing.finish()
    writing.close()
    late = UploadSession.objects.get(pk=upload.pk)  # it has seen the upload open
    first = upload_end(session=upload)
    assert upload_end(session=late).media_id == first.media_id == Media.objects.get().pk


@pytest.mark.django_db(transaction=True)
def test_who_begins_anew_waits_for_the_person_first() -> None:
    ann, head = client_of("ann").person, film("320x180", seconds=1)[:64]  # type: ignore[attr-defined]
    upload, _ = upload_for_name(owner=ann, name="dinner.mp4", head=head)
    again = lambda: upload_for_name(owner=ann, name="dinner.mp4", head=head)  # noqa: E731
    assert_waits_for_the_person(ann, again, UploadSession.objects.filter(pk=upload.pk))


@pytest.mark.django_db(transaction=True)
def test_who_declares_a_length_waits_for_the_person_first() -> None:
    ann = client_of("ann").person  # type: ignore[attr-defined]
    upload = upload_open(owner=ann, length=None)
    declare = lambda: upload_declare_length(session=upload, length=9)  # noqa: E731
    assert_waits_for_the_person(ann, declare, UploadSession.objects.filter(pk=upload.pk))


@pytest.mark.django_db(transaction=True)
def test_who_appends_to_an_upload_without_a_length_waits_for_the_person_first() -> None:
    ann = client_of("ann").person  # type: ignore[attr-defined]
    upload = upload_open(owner=ann, length=None)

    def append() -> None:
        writing = Writing(upload, 0)
        try:
            writing.append([b"bytes"])
            assert writing.finish()
        finally:
            writing.close()

    assert_waits_for_the_person(ann, append, UploadSession.objects.filter(pk=upload.pk))
