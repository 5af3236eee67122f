"""Pictures in base64 that are longer than what is parsed at once, however a client writes them."""

import base64
import json
import random
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlencode

import pytest
from rest_framework.test import APIClient

from media_pipeline.models import Media
from tests.media_pipeline.pictures import corners, encoded

Files = Callable[[], list[Path]]
JSON, FORM = "application/json", "application/x-www-form-urlencoded"
# More than 4 MB in JSON and 64 kB in a form, with every character that base64 has.
PICTURE = encoded(corners(64, 48)) + random.Random(12).randbytes(3_500_000)
TEXT = base64.b64encode(PICTURE).decode()
URL = f"data:image/jpeg;base64,{TEXT}"
WRAPPED = base64.encodebytes(PICTURE).decode()


def in_json(text: str, **more: Any) -> bytes:
    return json.dumps({**more, "image": text}).encode()


WAYS = {
    "JSON": (in_json(TEXT), JSON),
    "JSON as a data URL": (in_json(URL), JSON),
    "JSON with line breaks": (in_json(WRAPPED), JSON),
    "JSON with line breaks as Windows has them": (in_json(WRAPPED.replace("\n", "\r\n")), JSON),
    "JSON of PHP": (in_json(TEXT).replace(b"/", b"\\/"), JSON),
    "JSON of .NET": (in_json(TEXT).replace(b"+", b"\\u002B").replace(b"=", b"\\u003d"), JSON),
    "JSON all escaped in part": (in_json(TEXT).replace(b"A", b"\\u0041").replace(b"B", b"\\u0042"), JSON),
    "form": (urlencode({"image": TEXT}).encode(), FORM),
    "form as a data URL": (urlencode({"image": URL}).encode(), FORM),
    "form with line breaks": (f"image={quote(WRAPPED, safe='')}".encode(), FORM),
}


@pytest.mark.parametrize("way", WAYS)
def test_a_long_picture_is_taken(ann: APIClient, files: Files, way: str) -> None:
    body, content_type = WAYS[way]
    answer = ann.post("/api/media/", body, content_type=content_type)
    assert answer.status_code == 202, answer.content
    assert files()[0].read_bytes() == PICTURE


@pytest.mark.parametrize(
    "broken",
    [
        TEXT + "!",
        TEXT[:-1],
        TEXT[: 64 * 1024 - 1] + "=" + TEXT[64 * 1024 :],
        TEXT[:1_000_001] + "====" + TEXT[1_000_005:],
        TEXT + "=AAA",
        TEXT.replace("A", "\u00e4", 1),
        "data:image/jpeg," + TEXT,
        "data:" + TEXT,
    ],
    ids=["a sign", "cut off", "padding between pieces", "padding within", "more", "not ASCII", "no base64", "no comma"],
)
@pytest.mark.parametrize("content_type", [JSON, FORM])
def test_a_long_picture_that_is_broken_is_refused_by_field(
    ann: APIClient, files: Files, broken: str, content_type: str
) -> None:
    body = in_json(broken) if content_type == JSON else urlencode({"image": broken}).encode()
    answer = ann.post("/api/media/", body, content_type=content_type)
    assert (answer.status_code, answer.json()["code"]) == (400, "invalid_base64"), answer.content
    assert list(answer.json()["errors"]) == ["image"] and files() == []


def test_what_stands_beside_a_long_picture_is_read(ann: APIClient) -> None:
    text = 'Soup "\u00e0 la carte" \u6c64 \\ "'
    answer = ann.post("/api/posts/", json.dumps({"image": URL, "text": text}).encode(), content_type=JSON)
    assert answer.status_code == 201, answer.content
    assert answer.json()["text"] == text and len(answer.json()["media"]) == 1


def test_several_long_pictures_keep_their_order(ann: APIClient, files: Files) -> None:
    texts = [base64.b64encode(encoded(corners(64 + n, 48)) + PICTURE[:1_500_000]).decode() for n in range(3)]
    answer = ann.post("/api/posts/", json.dumps({"text": "Soup", "image": texts}).encode(), content_type=JSON)
    assert answer.status_code == 201, answer.content
    sizes = [Media.objects.get(pk=media["id"]).size for media in answer.json()["media"]]
    assert sizes == [len(base64.b64decode(text)) for text in texts]


@pytest.mark.parametrize(
    "body",
    [
        in_json(TEXT)[:-1] + b',"image":"' + TEXT.encode() + b'"}',
        b'{"' + TEXT.encode() + b'":1}',
        b'{"image":[' + b"[]," * 1_500_000 + b"[]]}",
        b'{"image"' + b" " * 5_000_000 + b':""}',
    ],
    ids=["twice", "as a name", "not a text", "white space"],
)
def test_only_a_long_text_of_its_own_may_be_long(ann: APIClient, files: Files, body: bytes) -> None:
    answer = ann.post("/api/media/", body, content_type=JSON)
    assert (answer.status_code, answer.json()["code"]) in [(400, "parse_error"), (413, "too_large")]
    assert files() == []


@pytest.mark.parametrize(
    ("path", "field"),
    [("/api/me/", "bio"), ("/api/recipes/1/", "name"), ("/api/auth/register/", "password"), ("/api/posts/", "text")],
)
def test_a_long_value_is_no_text(ann: APIClient, path: str, field: str) -> None:
    method = ann.post if path in ("/api/auth/register/", "/api/posts/") else ann.patch
    answer = method(path, json.dumps({field: TEXT}).encode(), content_type=JSON)
    assert answer.status_code in (400, 404, 413), answer.content


def test_a_long_picture_sent_again_with_its_key_is_stored_once(ann: APIClient, files: Files) -> None:
    def send(body: bytes) -> Any:
        return ann.post("/api/media/", body, content_type=JSON, headers={"Idempotency-Key": "k"})

    first, again, another = send(in_json(TEXT)), send(in_json(TEXT)), send(in_json(TEXT[:-8] + "AAAAAAAA"))
    assert (first.status_code, again.status_code, len(files())) == (202, 202, 1)
    assert again["Idempotency-Replayed"] == "true" and again.json() == first.json()
    assert (another.status_code, another.json()["code"]) == (422, "idempotency_mismatch")
