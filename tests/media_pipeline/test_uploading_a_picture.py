import base64
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from rest_framework.test import APIClient

from media_pipeline.models import Media
from realtime.models import Job
from tests.jobs import run_jobs
from tests.media_pipeline.conftest import upload
from tests.media_pipeline.pictures import corners, encoded, png, swapping_profile

Files = Callable[[], list[Path]]


def test_a_file_is_accepted_and_waits_for_its_job(ann: APIClient, files: Files) -> None:
    data = encoded(corners())
    answer = upload(ann, data)
    assert answer.status_code == 202
    media = answer.json()
    assert answer["Location"] == f"/api/media/{media['id']}/"
    assert (media["kind"], media["status"], media["progress"], media["error"]) == ("image", "pending", 0, None)
    assert (media["url"], media["width"], media["placeholder"], media["renditions"]) == (None, None, None, {})
    assert ann.get(answer["Location"]).json() == media
    job = Job.objects.get()
    assert (job.task, job.queue, job.args) == ("media_pipeline.process_image", "images", {"media_id": media["id"]})
    [original] = files()
    assert original.read_bytes() == data


def test_the_original_is_private_and_its_name_is_ours(ann: APIClient, files: Files, settings: Any) -> None:
    upload(ann, encoded(corners()), name="../../holiday.jpg")
    [original] = files()
    assert original.is_relative_to(settings.PRIVATE_MEDIA_ROOT)
    assert original.name == str(Media.objects.get().id)


@pytest.mark.parametrize("head", ["", "data:image/png;base64,"])
@pytest.mark.parametrize("name", ["image", "file"])
def test_base64_is_accepted_plain_and_as_a_data_url(ann: APIClient, files: Files, head: str, name: str) -> None:
    data = encoded(corners(), "PNG")
    wrapped = base64.encodebytes(data).decode()  # with line breaks
    assert ann.post("/api/media/", {name: head + wrapped}).status_code == 202
    assert files()[0].read_bytes() == data


@pytest.mark.parametrize(
    ("format", "content_type"),
    [
        ("JPEG", "image/jpeg"),
        ("PNG", "image/png"),
        ("WEBP", "image/webp"),
        ("GIF", "image/gif"),
        ("HEIF", "image/heic"),
        ("MPO", "image/jpeg"),
    ],
)
def test_the_type_is_what_the_bytes_say(ann: APIClient, format: str, content_type: str) -> None:
    assert upload(ann, encoded(corners(64, 48), format), name="misnamed.txt").status_code == 202
    assert Media.objects.get().content_type == content_type


def test_the_example_of_the_documentation_is_accepted(ann: APIClient) -> None:
    operation = APIClient().get("/api/schema/", HTTP_ACCEPT="application/json").json()["paths"]["/api/media/"]["post"]
    examples = operation["requestBody"]["content"]["application/json"]["examples"]
    for example in examples.values():
        answer = ann.post("/api/media/", example["value"])
        assert answer.status_code == 202
        run_jobs()
        assert ann.get(answer["Location"]).json()["status"] == "ready"


VALID = encoded(corners(64, 48))
REFUSED = {
    "text named .jpg": (b"This is no picture.", 415, "unsupported_media_type"),
    "svg": (b'<svg xmlns="http://www.w3.org/2000/svg"><script/></svg>', 415, "unsupported_media_type"),
    "tiff": (encoded(corners(64, 48), "TIFF"), 415, "unsupported_media_type"),
    "profile": (swapping_profile(), 415, "unsupported_media_type"),
    "empty": (b"", 400, "empty"),
    "only the magic of a JPEG": (VALID[:3], 400, "truncated"),
    "a JPEG cut in its header": (VALID[:40], 400, "truncated"),
    "only the magic of a WebP": (b"RIFF\x10\0\0\0WEBPVP8X", 400, "truncated"),
    "20,000 x 20,000 pixels": (png(20_000, 20_000), 413, "too_large"),
    "51 megapixels": (png(10_000, 5_100), 413, "too_large"),
    "a side of 20,001": (png(20_001, 1), 413, "too_large"),
    "a WebP canvas of 16,384 x 16,384": (
        b"RIFF\x20\0\0\0WEBPVP8X\x0a\0\0\0\0\0\0\0" + b"\xff\x3f\0" * 2 + bytes(8),
        413,
        "too_large",
    ),
    "a lossless WebP of 16,384 x 16,384": (
        b"RIFF\x20\0\0\0WEBPVP8L\x0a\0\0\0\x2f" + b"\xff\xff\xff\x0f" + bytes(12),
        413,
        "too_large",
    ),
    "a lossy WebP of 16,383 x 16,383": (
        b"RIFF\x20\0\0\0WEBPVP8 \x0a\0\0\0\0\0\0\x9d\x01\x2a" + b"\xff\x3f" * 2 + bytes(8),
        413,
        "too_large",
    ),
    "20 MB and a byte": (VALID + bytes(20 * 1024**2 + 1 - len(VALID)), 413, "too_large"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_is_no_usable_picture_is_refused_and_leaves_nothing(ann: APIClient, files: Files, case: str) -> None:
    data, status, code = REFUSED[case]
    answer = upload(ann, data)
    problem = answer.json()
    assert (answer.status_code, problem["code"]) == (status, code)
    assert answer["Content-Type"] == "application/problem+json"
    if status == 400:
        assert problem["errors"]["file"]
    assert (Media.objects.count(), Job.objects.count(), files()) == (0, 0, [])


@pytest.mark.parametrize(
    "text",
    [
        "not base64!",
        "data:image/jpeg,%FF%D8",
        "data:image/jpeg;base64",
        "QUJ",  # padding lost on the way
        "bild in größe",
    ],
)
def test_broken_base64_is_refused_by_field(ann: APIClient, files: Files, text: str) -> None:
    answer = ann.post("/api/media/", {"image": text})
    assert (answer.status_code, answer.json()["code"]) == (400, "invalid_base64")
    assert answer.json()["errors"]["image"]
    assert files() == []


def test_base64_of_nothing_is_refused(ann: APIClient) -> None:
    answer = ann.post("/api/media/", {"image": ""})
    assert (answer.status_code, answer.json()["code"]) == (400, "empty")


def test_base64_of_too_many_bytes_is_refused(ann: APIClient, files: Files) -> None:
    answer = ann.post("/api/media/", {"image": base64.b64encode(VALID + bytes(20 * 1024**2)).decode()})
    assert (answer.status_code, answer.json()["code"]) == (413, "too_large")
    assert files() == []


def test_endless_base64_is_refused_before_it_is_decoded(ann: APIClient) -> None:
    answer = ann.post("/api/media/", {"image": "A" * (30 * 1024**2 + 1)})
    assert (answer.status_code, answer.json()["code"]) == (413, "too_large")


@pytest.mark.parametrize(
    "body", [{}, {"image": 5}, {"image": None}, {"image": ["x"]}, {"image": "R0lG", "file": "R0lG"}]
)
def test_exactly_one_picture_is_wanted(ann: APIClient, body: dict[str, Any]) -> None:
    answer = ann.post("/api/media/", body)
    assert (answer.status_code, answer.json()["code"]) == (400, "invalid")
    assert answer.json()["errors"]


def test_nobody_uploads_without_signing_in(db: None) -> None:
    assert upload(APIClient(), VALID).status_code == 401
    assert Media.objects.count() == 0
