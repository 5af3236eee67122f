"""Extents of a bucket become one object: of any sizes, copied by S3 where it can, and never half."""

import hashlib
import random
from typing import Any
from uuid import uuid4

import pytest
from pytest_django import Settings

from core.errors import Unavailable
from media_pipeline.s3 import PrivateBucket
from media_pipeline.storage import private_storage
from media_pipeline.stores import composing, store
from media_pipeline.stores.composing import PART_MIN, Compose, Source
from tests.s3 import Bucket, media_on_s3

MB = 1024 * 1024
NOISE = random.Random(11).randbytes(64 * MB)
TARGET = "originals/ab/whole"


@pytest.fixture(autouse=True)
def on_s3(settings: Settings, bucket: Bucket) -> None:
    media_on_s3(settings)


def private() -> PrivateBucket:
    found = private_storage()
    assert isinstance(found, PrivateBucket)
    return found


def sources(bucket: Bucket, *sizes: int) -> tuple[list[Source], bytes]:
    """Objects of these sizes, and what they are together."""
    made, start = [], 0
    for number, size in enumerate(sizes):
        content, name = NOISE[start : start + size], f"uploads/ab/x/{number}"
        bucket.client.put_object(Bucket=bucket.name, Key=name, Body=content)
        made.append(Source(name, start, size, hashlib.sha256(content).hexdigest()))
        start += size
    return made, NOISE[:start]


def copies(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The ranges that S3 copied by itself, noted as they are asked for."""
    asked: list[str] = []
    copy = Compose._copy

    def noted(self: Compose, source: Source, start: int) -> None:
        copy(self, source, start)
        asked.append(f"{source.name.rpartition('/')[2]}:{start}")

    monkeypatch.setattr(Compose, "_copy", noted)
    return asked


@pytest.mark.parametrize(
    ("sizes", "copied"),
    [
        ([1000], []),
        ([1000, 1], []),
        ([PART_MIN], []),
        ([PART_MIN - 1, 1], []),
        ([PART_MIN, 1], ["0:0"]),
        ([1, PART_MIN], []),
        ([4 * MB, 4 * MB, 4 * MB], []),
        ([8 * MB, 8 * MB, 100], ["0:0", "1:0"]),
        ([1000, 12 * MB, 6 * MB, 3], [f"1:{PART_MIN - 1000}", "2:0"]),
        ([8 * MB, 10, 8 * MB, 20 * MB], ["0:0", f"3:{2 * MB}"]),
    ],
    ids=str,
)
def test_extents_of_any_sizes_become_what_they_are_together(
    bucket: Bucket, sizes: list[int], copied: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = copies(monkeypatch)
    made, whole = sources(bucket, *sizes)
    Compose(private(), TARGET, made).run()
    assert bucket.read(TARGET) == whole
    assert bucket.unfinished() == []
    assert asked == (copied if bucket.kind == "moto" else [])


def test_there_are_never_more_parts_than_s3_takes(bucket: Bucket, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(composing, "PARTS_MAX", 3)
    made, whole = sources(bucket, *[6 * MB] * 7)
    compose = Compose(private(), TARGET, made)
    compose.run()
    assert len(compose._parts) == 3
    assert bucket.read(TARGET) == whole


@pytest.mark.parametrize("sizes", [[1000], [1000, 1000], [6 * MB, 1000], [1000, 6 * MB]], ids=str)
def test_without_one_of_them_nothing_is_made(bucket: Bucket, sizes: list[int]) -> None:
    made, _ = sources(bucket, *sizes)
    bucket.client.delete_object(Bucket=bucket.name, Key=made[-1].name)
    with pytest.raises(FileNotFoundError):
        Compose(private(), TARGET, made).run()
    assert bucket.keys("originals/") == [] and bucket.unfinished() == []


def test_what_is_not_what_was_acknowledged_is_not_taken(bucket: Bucket) -> None:
    made, _ = sources(bucket, 1000, 6 * MB, 1000)
    bucket.client.put_object(Bucket=bucket.name, Key=made[0].name, Body=bytes(1000))
    with pytest.raises(OSError, match="not what was acknowledged"):
        Compose(private(), TARGET, made).run()
    assert bucket.keys("originals/") == [] and bucket.unfinished() == []


def test_a_whole_of_another_length_is_not_kept(bucket: Bucket) -> None:
    [made], _ = sources(bucket, 1000)
    with pytest.raises(OSError, match="1000 bytes of 1001"):
        Compose(private(), TARGET, [Source(made.name, 0, 1001, made.sha256)]).run()
    assert bucket.keys("originals/") == []


def test_one_whose_parts_somebody_gave_up_may_be_tried_again(bucket: Bucket, monkeypatch: pytest.MonkeyPatch) -> None:
    made, whole = sources(bucket, 1000, 6 * MB, 1000)
    send = Compose._send

    def send_what_was_given_up(self: Compose) -> None:
        monkeypatch.undo()
        for unfinished in private().unfinished("originals"):
            unfinished.abort()
        send(self)

    with monkeypatch.context() as patch:
        patch.setattr(Compose, "_send", send_what_was_given_up)
        with pytest.raises(Unavailable):
            Compose(private(), TARGET, made).run()
    monkeypatch.setattr(Compose, "_send", send)
    Compose(private(), TARGET, made).run()
    assert bucket.read(TARGET) == whole


def written(bucket: Bucket, *pieces: bytes, sync: bool = True) -> Any:
    upload_id = uuid4()
    with store.region(upload_id, 7) as region:
        offset = 7
        for piece in pieces:
            region.write(offset, [piece])
            offset += len(piece)
        if sync:
            return region.sync(hashlib.sha256(b"".join(pieces)).digest())


def test_a_long_extent_goes_in_parts_and_no_more_of_it_is_in_memory(bucket: Bucket) -> None:
    pieces = [NOISE[start : start + 3 * MB] for start in range(0, 30 * MB, 3 * MB)]
    place = written(bucket, *pieces)
    [key] = bucket.keys("uploads/")
    assert key.endswith(f"/0000000000007-{place}")
    assert bucket.read(key) == b"".join(pieces)
    assert bucket.unfinished() == []
    if bucket.kind == "moto":
        assert bucket.client.head_object(Bucket=bucket.name, Key=key)["ETag"].endswith('-4"')


@pytest.mark.parametrize("size", [1000, 20 * MB])
def test_an_extent_that_is_not_finished_leaves_nothing(bucket: Bucket, size: int) -> None:
    written(bucket, *[NOISE[start : start + MB] for start in range(0, size, MB)], sync=False)
    assert bucket.keys("uploads/") == [] and bucket.unfinished() == []
