"""Which requests are the same: those that say the same, however they are written."""

import json
from typing import Any
from urllib.parse import urlencode

from django.core.files.uploadedfile import SimpleUploadedFile
from django.test.client import encode_multipart
from hypothesis import given
from hypothesis import strategies as st
from rest_framework.request import Request
from rest_framework.test import APIRequestFactory
from rest_framework.views import APIView

from core.idempotency import fingerprint

TEXT = st.text(st.characters(codec="utf-8", exclude_characters="\x00\r\n"), max_size=10)
NAMES = st.text(st.sampled_from("abcxyz"), min_size=1, max_size=3)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.floats(allow_nan=False, allow_infinity=False) | TEXT,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXT, inner, max_size=3),
    max_leaves=8,
)
OBJECTS = st.dictionaries(TEXT, JSON, max_size=4)
FORMS = st.dictionaries(NAMES, st.lists(TEXT, min_size=1, max_size=3), max_size=4)
FILES = st.dictionaries(NAMES.map(lambda name: f"file_{name}"), st.binary(max_size=50), max_size=2)


def request_of(body: bytes, content_type: str, *, method: str = "POST", path: str = "/api/things/?a=1") -> Request:
    return APIView().initialize_request(APIRequestFactory().generic(method, path, body, content_type))


def of_json(data: Any, **how: Any) -> str:
    return fingerprint(request_of(json.dumps(data, **how).encode(), "application/json"))


def of_form(fields: dict[str, list[str]], files: dict[str, bytes], boundary: str) -> str:
    uploads = {name: SimpleUploadedFile(f"{boundary}.bin", content) for name, content in files.items()}
    body = encode_multipart(boundary, {**fields, **uploads})
    return fingerprint(request_of(body, f"multipart/form-data; boundary={boundary}"))


def reversed_keys(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: reversed_keys(inner) for key, inner in reversed(value.items())}
    return [reversed_keys(inner) for inner in value] if isinstance(value, list) else value


@given(OBJECTS)
def test_json_is_the_same_in_any_layout_and_order_of_keys(data: Any) -> None:
    assert of_json(data) == of_json(reversed_keys(data), indent=2, ensure_ascii=False)


@given(OBJECTS, OBJECTS)
def test_json_that_says_something_else_is_another_request(one: Any, other: Any) -> None:
    # As texts: in Python True is 1, and 1 is 1.0.
    same = json.dumps(one, sort_keys=True) == json.dumps(other, sort_keys=True)
    assert (of_json(one) == of_json(other)) is same


@given(FORMS, FILES)
def test_a_form_is_the_same_with_any_boundary_order_of_fields_and_name_of_file(fields: Any, files: Any) -> None:
    turned = dict(reversed(fields.items())), dict(reversed(files.items()))
    assert of_form(fields, files, "one") == of_form(*turned, "another")


@given(FORMS, FILES, FORMS, FILES)
def test_a_form_that_says_something_else_is_another_request(one: Any, files: Any, other: Any, others: Any) -> None:
    same = (one, files) == (other, others)
    assert (of_form(one, files, "b") == of_form(other, others, "b")) is same


@given(FORMS)
def test_a_form_is_the_same_in_either_of_its_encodings(fields: Any) -> None:
    encoded = request_of(urlencode(fields, doseq=True).encode(), "application/x-www-form-urlencoded")
    assert fingerprint(encoded) == of_form(fields, {}, "b")


@given(FILES)
def test_files_are_left_at_their_beginning(files: Any) -> None:
    body = encode_multipart("b", {name: SimpleUploadedFile("x", content) for name, content in files.items()})
    request = request_of(body, "multipart/form-data; boundary=b")
    fingerprint(request)
    assert {name: file.read() for name, file in request.FILES.items()} == files


def test_method_path_and_query_count() -> None:
    others = [("PUT", "/api/things/?a=1"), ("POST", "/api/things/"), ("POST", "/api/others/?a=1")]
    prints = {fingerprint(request_of(b"{}", "application/json", method=method, path=path)) for method, path in others}
    assert len(prints | {fingerprint(request_of(b"{}", "application/json"))}) == 4
