"""problem+json for what views raise and what clients send."""

from io import BytesIO
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.http import HttpRequest
from django.test import Client
from pytest_django import Settings

from core.body_limits import limit_at
from core.errors import TooLarge
from core.parsers import JSONParser


@pytest.fixture(autouse=True)
def routes(settings: Settings) -> None:
    settings.ROOT_URLCONF = "tests.core.routes"


@pytest.mark.parametrize(
    ("how", "status", "code"),
    [
        ("operational", 503, "unavailable"),
        ("data", 400, "invalid"),
        ("integrity", 409, "conflict"),
        ("missing", 404, "not_found"),
        ("forbidden", 403, "forbidden"),
        ("suspicious", 400, "bad_request"),
        ("invalid", 400, "invalid"),
        ("conflict", 409, "taken"),
        ("throttled", 429, "throttled"),
        ("unavailable", 503, "unavailable"),
        ("unauthenticated", 401, "unauthenticated"),
        ("model", 400, "invalid"),
        ("nested", 400, "invalid"),
        ("too-big", 413, "too_large"),
        ("cut-off", 400, "parse_error"),
    ],
)
def test_what_a_view_raises_has_its_status_and_code(client: Client, how: str, status: int, code: str) -> None:
    answer = client.get(f"/api/refusing/{how}/")
    assert answer.status_code == status
    assert answer["Content-Type"] == "application/problem+json"
    assert answer["Cache-Control"] == "no-store"
    body = answer.json()
    assert body["status"] == status and body["code"] == code
    assert {"type", "title", "detail"} <= set(body)


def test_problems_say_when_to_come_back_and_how_to_sign_in(client: Client) -> None:
    assert client.get("/api/refusing/throttled/")["Retry-After"] == "7"
    assert client.get("/api/refusing/unavailable/")["Retry-After"] == "1"
    assert client.get("/api/refusing/unauthenticated/")["WWW-Authenticate"].startswith("Bearer")


def test_field_errors_are_named(client: Client) -> None:
    def errors(how: str) -> Any:
        return client.get(f"/api/refusing/{how}/").json()["errors"]

    assert errors("invalid") == {"score": ["Too high."]}
    assert errors("model") == {"name": ["Too long."]}
    assert errors("nested") == {"steps.1.text": ["Empty."], "tags": ["Too many."]}
    assert errors("plain") == errors("rule") == {"non_field_errors": ["Never."]}


def test_values_have_their_usual_form_in_json(client: Client) -> None:
    assert client.get("/api/values/").json() == {
        "decimal": 1.5,
        "lazy": "yes",
        "rows": ["a"],
        "time": "2026-01-02T03:04:05+00:00",
        "uuid": "00000000-0000-0000-0000-000000000001",
        "7": None,
    }
    assert client.get("/api/values/?as=nothing").content == b""
    assert client.get("/api/values/?as=bytes").content == b'{"made": "by the database"}'


def test_forms_are_taken(client: Client) -> None:
    answer = client.post("/api/refusing/x/", b"a=1&a=2&b=%C3%A9", content_type="application/x-www-form-urlencoded")
    assert answer.json()["data"] == {"a": "2", "b": "\u00e9"}
    answer = client.post("/api/refusing/x/", {"a": "1", "file": SimpleUploadedFile("../a.txt", b"x\0y")})
    assert answer.json()["data"] == {"a": "1"} and answer.json()["files"] == ["a.txt"]


@pytest.mark.parametrize(
    ("body", "because"),
    [
        (b"{", "not valid JSON"),
        (b"", None),
        (b"[1]", "object"),
        (b'"text"', "object"),
        (b"\xff\xfe", "not valid JSON"),
        (b'{"a": NaN}', "not valid JSON"),
        (b'{"a": "\\ud800"}', "not valid JSON"),
        (b'{"a": "\\u0000"}', "NUL"),
        (b'{"a": [{"b": ["x\\u0000y"]}]}', "NUL"),
        (b'{"\\u0000": 1}', "NUL"),
        (b'{"a":' + b"[" * 100_000 + b"]" * 100_000 + b"}", "not valid JSON"),
    ],
)
def test_json_that_cannot_be_taken_is_refused(client: Client, body: bytes, because: str | None) -> None:
    answer = client.post("/api/refusing/x/", body, content_type="application/json")
    if because is None:
        assert answer.status_code == 200
        return
    assert answer.status_code == 400 and answer.json()["code"] == "parse_error"
    assert because in answer.json()["detail"]


@pytest.mark.parametrize("pair", [("[", "]"), ('{"a":', "}")], ids=["lists", "objects"])
def test_json_is_nested_at_most_100_levels_deep(client: Client, pair: tuple[str, str]) -> None:
    def nested(levels: int) -> Any:
        inner = pair[0] * (levels - 1) + "1" + pair[1] * (levels - 1)
        return client.post("/api/refusing/x/", f'{{"a": {inner}}}', content_type="application/json")

    assert nested(100).status_code == 200
    for levels in (101, 1000):
        answer = nested(levels)
        assert (answer.status_code, answer.json()["code"]) == (400, "parse_error")
        assert "100 levels" in answer.json()["detail"]


@pytest.mark.parametrize("unit", ["[]", "{}", "1", '"ab"'])
def test_json_has_at_most_150_000_values(client: Client, settings: Settings, unit: str) -> None:
    settings.JSON_BODY_MAX = 2 * 1024 * 1024
    body = f'{{"a": [{",".join([unit] * 150_001)}]}}'
    answer = client.post("/api/refusing/x/", body, content_type="application/json")
    assert (answer.status_code, answer.json()["code"]) == (400, "parse_error") and "150000" in answer.json()["detail"]


def test_commas_and_brackets_in_texts_are_no_values(client: Client) -> None:
    text = '[{,\\"' * 100_000
    answer = client.post("/api/refusing/x/", {"a": text}, content_type="application/json")
    assert answer.status_code == 200 and answer.json()["data"] == {"a": text}


def test_parts_without_a_name_are_counted_too(client: Client, settings: Settings) -> None:
    settings.FORM_BODY_MAX = 1024 * 1024
    body = b"--x\r\nA: b\r\n\r\n\r\n" * 2_000 + b"--x--\r\n"
    answer = client.post("/api/refusing/x/", body, content_type="multipart/form-data; boundary=x")
    assert (answer.status_code, answer.json()["code"]) == (400, "parse_error") and "1200" in answer.json()["detail"]


def test_a_form_that_is_too_large_is_refused_unparsed(client: Client, settings: Settings) -> None:
    settings.FORM_BODY_MAX = 100
    kind = "application/x-www-form-urlencoded"
    answer = client.post("/api/refusing/x/", b"a=" + b"%zz" * 40, content_type=kind)
    assert (answer.status_code, answer.json()["code"]) == (413, "too_large")
    assert "100 bytes" in answer.json()["detail"] and kind in answer.json()["detail"]


def test_the_texts_of_a_multipart_body_have_their_limit(client: Client, settings: Settings) -> None:
    settings.DATA_UPLOAD_MAX_MEMORY_SIZE = 1000
    answer = client.post("/api/refusing/x/", {"a": "x" * 1001})
    assert (answer.status_code, answer.json()["code"]) == (413, "too_large") and "1000 bytes" in answer.json()["detail"]


def test_json_that_is_too_large_is_refused_unparsed(client: Client, settings: Settings) -> None:
    settings.JSON_BODY_MAX = 100
    for body in (b"[" * 101, b'{"a": "' + b"x" * 100 + b'"}'):
        answer = client.post("/api/refusing/x/", body, content_type="application/json")
        assert answer.status_code == 413 and answer.json()["code"] == "too_large"
        assert answer["Content-Type"] == "application/problem+json" and "100 bytes" in answer.json()["detail"]
    whole = b'{"a": "' + b"x" * 91 + b'"}'
    assert len(whole) == 100
    assert client.post("/api/refusing/x/", whole, content_type="application/json").status_code == 200


@pytest.mark.parametrize("length", ["", "5"])
def test_json_that_is_longer_than_it_says_is_refused(settings: Settings, length: str) -> None:
    settings.JSON_BODY_MAX = 100
    request = HttpRequest()
    request.META["CONTENT_LENGTH"] = length
    with pytest.raises(TooLarge):
        JSONParser().parse(BytesIO(b'{"a": "' + b"x" * 100 + b'"}'), parser_context={"request": request})


@pytest.mark.parametrize(
    "address", ["/api/recipes/", "/api/recipes/1/", "/api/media/", "/api/auth/register/", "/api/me/picture/"]
)
@pytest.mark.parametrize("kind", ["application/json", "application/x-www-form-urlencoded", "multipart/form-data"])
def test_routes_that_take_a_picture_take_a_longer_body(settings: Settings, address: str, kind: str) -> None:
    settings.ROOT_URLCONF = "core.urls"
    assert limit_at(address, kind) == settings.REQUEST_BODY_MAX
    assert limit_at(address, "text/plain") == settings.FORM_BODY_MAX


@pytest.mark.parametrize("address", ["/users/create/", "/auth/signup/", "/post/create/", "/post/add/media/image/"])
def test_an_earlier_address_takes_what_its_successor_takes(settings: Settings, address: str) -> None:
    settings.ROOT_URLCONF = "core.urls"
    assert limit_at(address, "application/x-www-form-urlencoded") == settings.REQUEST_BODY_MAX


def test_json_of_every_script_is_taken(client: Client) -> None:
    text = 'é 😀 \u200f \\u0000 "'
    answer = client.post("/api/refusing/x/", {"a": text, "\\u0000": [1, 2.5, None]}, content_type="application/json")
    assert answer.status_code == 200 and answer.json()["data"] == {"a": text, "\\u0000": [1, 2.5, None]}


def multipart(*parts: bytes) -> bytes:
    return b"".join(b"--x\r\n" + part + b"\r\n" for part in parts) + b"--x--\r\n"


@pytest.mark.parametrize(
    ("body", "kind", "status"),
    [
        (b"a=%00", "application/x-www-form-urlencoded", 400),
        (b"a=1&a=x%00", "application/x-www-form-urlencoded", 400),
        (multipart(b'Content-Disposition: form-data; name="a"\r\n\r\n\x00'), "multipart/form-data; boundary=x", 400),
        (b"no part at all", "multipart/form-data", 400),
        (b"x", "multipart/form-data; boundary=" + "y" * 300, 415),
        (b"<a/>", "application/xml", 415),
        (b"{}", "text/plain", 415),
        (b"{}", "nonsense", 415),
    ],
)
def test_forms_that_cannot_be_taken_are_refused(client: Client, body: bytes, kind: str, status: int) -> None:
    answer = client.post("/api/refusing/x/", body, content_type=kind)
    assert answer.status_code == status, answer.content
    assert answer["Content-Type"] == "application/problem+json"


def test_too_many_fields_are_refused(client: Client, settings: Settings) -> None:
    settings.DATA_UPLOAD_MAX_NUMBER_FIELDS = 3
    answer = client.post("/api/refusing/x/", b"a=1&a=1&a=1&a=1", content_type="application/x-www-form-urlencoded")
    assert answer.status_code == 400 and answer["Content-Type"] == "application/problem+json"


def test_a_method_that_is_not_there_is_a_problem(client: Client) -> None:
    answer = client.put("/api/refusing/x/")
    assert answer.status_code == 405 and answer.json()["code"] == "method_not_allowed"
    assert "GET" in answer["Allow"]


def test_a_type_that_is_not_served_is_a_problem(client: Client) -> None:
    answer = client.post("/api/refusing/x/", {}, content_type="application/json", headers={"Accept": "text/csv"})
    assert answer.status_code == 406 and answer.json()["code"] == "not_acceptable"


def test_a_foreign_host_is_a_problem(client: Client) -> None:
    answer = client.get("/echo/", headers={"Host": "evil.example"})
    assert answer.status_code == 400 and answer["Content-Type"] == "application/problem+json"


def test_nul_in_an_address_is_not_found_and_in_a_query_refused(client: Client) -> None:
    assert client.get("/api/refusing/%00/").status_code == 404
    answer = client.get("/api/refusing/missing/?q=%00")
    assert answer.status_code == 400 and "NUL" in answer.json()["detail"]


@pytest.mark.parametrize("path", ["/echo/", "/api/refusing/missing/"])
def test_every_answer_has_the_security_headers(client: Client, path: str) -> None:
    answer: Any = client.get(path)
    assert answer["X-Content-Type-Options"] == "nosniff" and answer["Referrer-Policy"] == "same-origin"
    assert answer["X-Frame-Options"] == "DENY" and "Content-Security-Policy" not in answer


def test_pages_have_a_policy(client: Client, settings: Settings) -> None:
    settings.ROOT_URLCONF = "core.urls"
    for path in ("/admin/login/", "/api/docs/", "/api/redoc/"):
        policy = client.get(path)["Content-Security-Policy"]
        assert "script-src 'self';" in policy and "object-src 'none'" in policy
