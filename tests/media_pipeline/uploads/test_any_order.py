"""Whatever clients do to an upload, in any order: every byte that was acknowledged is there in the end."""

import hashlib
import itertools
import os
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from hypothesis import HealthCheck
from hypothesis import settings as runs
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from media_pipeline.finalizing import sweep_uploads
from media_pipeline.models import UploadSession
from media_pipeline.storage import private_storage
from media_pipeline.stores import store
from tests.jobs import run_jobs
from tests.media_pipeline.conftest import client_of

CHUNK = 1024
TUS = {"Tus-Resumable": "1.0.0"}
numbers = itertools.count()


class Uploads(RuleBasedStateMachine):
    """One upload in chunks and one of tus, beside a model of what was acknowledged."""

    @initialize(
        chunks=st.integers(1, 5), last=st.integers(1, CHUNK), tus=st.integers(1, 4000), is_deferred=st.booleans()
    )
    def begin(self, chunks: int, last: int, tus: int, is_deferred: bool) -> None:
        # Somebody new each time: a token does not live as long as a thousand histories take.
        self.client = client_of(f"person-{next(numbers)}")
        self.length = (chunks - 1) * CHUNK + last
        body = {"filename": "a", "content_type": "video/mp4", "length": self.length, "chunk_size": CHUNK}
        self.upload = self.client.post("/api/uploads/", body).json()
        self.known: dict[int, bytes] = {}
        self.state = "open"
        length = {"Upload-Defer-Length": "1"} if is_deferred else {"Upload-Length": str(tus)}
        self.path = self.client.post("/api/tus/", headers={**TUS, **length})["Location"]
        self.tus_length, self.tus_known = None if is_deferred else tus, b""

    def size_of(self, index: int) -> int:
        return min(CHUNK, self.length - index * CHUNK)

    def put(self, index: int, data: bytes, **headers: str) -> Any:
        path = f"/api/uploads/{self.upload['id']}/chunks/{index}/"
        return self.client.put(path, data, content_type="application/octet-stream", headers=headers)

    @rule(data=st.data(), damaged=st.booleans(), same=st.booleans())
    def send_a_chunk(self, data: st.DataObject, damaged: bool, same: bool) -> None:
        index = data.draw(st.integers(0, self.upload["chunk_count"] - 1))
        body = self.known[index] if same and index in self.known else os.urandom(self.size_of(index))
        declared = hashlib.sha256(b"other" if damaged else body).hexdigest()
        status = self.put(index, body, **{"X-Chunk-SHA256": declared}).status_code
        if self.state != "open":
            assert status == (410 if self.state == "aborted" else 409)
        elif damaged:
            assert status == 422
        elif index in self.known:
            assert status == (200 if self.known[index] == body else 409)
        else:
            assert status == 201
            self.known[index] = body

    @precondition(lambda self: self.state == "open")
    @rule()
    def send_all_that_is_missing(self) -> None:
        for index in self.client.get(f"/api/uploads/{self.upload['id']}/").json()["missing_chunks"]:
            body = os.urandom(self.size_of(index))
            assert self.put(index, body).status_code == 201
            self.known[index] = body

    @rule(index=st.integers(-1, 9), size=st.integers(0, 2 * CHUNK))
    def send_what_is_no_chunk(self, index: int, size: int) -> None:
        if not 0 <= index < self.upload["chunk_count"] or size != self.size_of(index):
            assert self.put(index, bytes(size)).status_code in (400, 409, 410)

    @rule()
    def finalize(self) -> None:
        answer = self.client.post(f"/api/uploads/{self.upload['id']}/finalize/")
        if self.state == "open" and len(self.known) < self.upload["chunk_count"]:
            assert (answer.status_code, answer.json()["code"]) == (409, "incomplete")
        elif self.state == "aborted":
            assert answer.status_code == 410
        else:
            assert answer.status_code == (202 if self.state == "open" else 200)
            self.state = "sealed"

    @rule()
    def let_the_worker_work(self) -> None:
        run_jobs()

    @rule()
    def sweep(self) -> None:
        """All that lies there is old enough."""
        for path in Path(settings.PRIVATE_MEDIA_ROOT).rglob("*-*"):
            os.utime(path, (0, 0))
        sweep_uploads()

    @precondition(lambda self: len(self.known) > 2)
    @rule()
    def give_up(self) -> None:
        status = self.client.delete(f"/api/uploads/{self.upload['id']}/").status_code
        assert status == {"open": 204, "sealed": 409, "aborted": 410}[self.state]
        if self.state == "open":
            self.state = "aborted"

    @precondition(lambda self: self.tus_length is None)
    @rule(more=st.sampled_from([-10, -1, 0, 1, 500, 3000]))
    def declare_the_length(self, more: int) -> None:
        length = len(self.tus_known) + more
        headers = {**TUS, "Upload-Offset": str(len(self.tus_known)), "Upload-Length": str(max(0, length))}
        answer = self.client.patch(self.path, b"", content_type="application/offset+octet-stream", headers=headers)
        if more < 0 or length <= 0:
            assert answer.status_code == 400
        else:
            assert answer.status_code == 204
            self.tus_length = length

    @rule(size=st.integers(0, 1500), shift=st.sampled_from([0, 0, 0, 1, -1]), damaged=st.booleans())
    def append(self, size: int, shift: int, damaged: bool) -> None:
        body, offset = os.urandom(size), max(0, len(self.tus_known) + shift)
        headers = {**TUS, "Upload-Offset": str(offset)}
        if damaged:
            headers["Upload-Checksum"] = "sha1 " + "A" * 27 + "="
        answer = self.client.patch(self.path, body, content_type="application/offset+octet-stream", headers=headers)
        if len(self.tus_known) == self.tus_length:
            assert answer.status_code in (409, 413)
        elif self.tus_length is not None and offset + size > self.tus_length:
            assert answer.status_code == 413
        elif offset != len(self.tus_known):
            assert answer.status_code == 409
        elif damaged:
            assert answer.status_code == 460
        else:
            assert answer.status_code == 204
            self.tus_known += body
            assert ("Upload-Media-Id" in answer) is (len(self.tus_known) == self.tus_length)

    @invariant()
    def what_was_acknowledged_is_there(self) -> None:
        if not hasattr(self, "client"):
            return
        head = self.client.head(self.path, headers=TUS)
        assert head["Upload-Offset"] == str(len(self.tus_known))
        assert kept(self.path.split("/")[-2], len(self.tus_known)) == self.tus_known
        if self.state == "aborted":
            return
        found = self.client.get(f"/api/uploads/{self.upload['id']}/").json()
        assert self.state == ("sealed" if found["media_id"] else found["state"])
        assert found["received"] == len(self.known)
        content = kept(self.upload["id"], self.length)
        for index, body in self.known.items():
            assert content[index * CHUNK : index * CHUNK + len(body)] == body


def kept(upload_id: str, count: int) -> bytes:
    """The first bytes of an upload, wherever they lie by now."""
    upload = UploadSession.objects.select_related("media").get(pk=upload_id)
    if upload.state != UploadSession.State.PROCESSING:
        return store.head(upload.pk, count)
    assert upload.media is not None
    with private_storage().open(upload.media.original) as file:
        data: bytes = file.read()
    assert len(data) == upload.length
    return data[:count]


def run(examples: int, steps: int) -> None:
    options = runs(
        max_examples=examples,
        stateful_step_count=steps,
        deadline=None,
        database=None,
        suppress_health_check=list(HealthCheck),
    )
    run_state_machine_as_test(Uploads, settings=options)  # type: ignore[no-untyped-call]


def test_a_few_histories(db: None) -> None:
    run(20, 30)


def test_what_was_refused_is_no_part_of_an_upload_whose_length_is_said_last(db: None) -> None:
    history = Uploads()
    history.begin(chunks=1, last=1, tus=1, is_deferred=True)
    history.append(size=100, shift=0, damaged=False)
    history.append(size=1000, shift=0, damaged=True)
    history.declare_the_length(more=0)
    history.let_the_worker_work()
    history.what_was_acknowledged_is_there()


def test_nothing_more_is_taken_once_the_job_has_put_the_bytes_elsewhere(db: None) -> None:
    history = Uploads()
    history.begin(chunks=1, last=1, tus=1, is_deferred=True)
    history.append(size=100, shift=0, damaged=False)
    history.declare_the_length(more=0)
    history.let_the_worker_work()
    history.append(size=0, shift=0, damaged=False)


@pytest.mark.faults
def test_a_thousand_histories(db: None) -> None:
    run(1000, 50)
