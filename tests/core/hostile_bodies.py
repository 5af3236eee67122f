"""Bodies that cost a parser the most for their size, for every content type that a parser reads."""

from collections.abc import Callable
from typing import TypeAlias

# A content type, and what makes a body of at most so many bytes.
Hostile: TypeAlias = tuple[str, Callable[[int], bytes]]

FORM, JSON, RAW = "application/x-www-form-urlencoded", "application/json", "application/octet-stream"
MULTIPART = "multipart/form-data; boundary=x"
# The names under which a picture may come.
PICTURES = ("image", "file", "picture", "cover", "profile_picture", "imageBase64")


def repeated(head: bytes, unit: bytes, tail: bytes = b"") -> Callable[[int], bytes]:
    """Makes a body of at most SIZE bytes: HEAD, as many UNITs as fit, TAIL."""
    return lambda size: head + unit * ((size - len(head) - len(tail)) // len(unit)) + tail


def part(headers: bytes, content: bytes = b"") -> bytes:
    return b"--x\r\n" + headers + b"\r\n\r\n" + content + b"\r\n"


def pictures(name: str) -> dict[str, Hostile]:
    """A picture in base64, as it should be and as it should not, under that name."""
    field, text = name.encode(), b'{"%b":"' % name.encode()
    header = b'Content-Disposition: form-data; name="%b"' % field
    file = header + b'; filename="a.jpg"\r\nContent-Type: image/jpeg'
    in_base64, end = file + b"\r\nContent-Transfer-Encoding: base64", b"\r\n--x--\r\n"
    return {
        f"form: {name} of escapes that are none": (FORM, repeated(field + b"=", b"%zz")),
        f"form: {name} in base64": (FORM, repeated(field + b"=", b"QUJD")),
        f"form: {name} of spaces": (FORM, repeated(field + b"=", b"QU+JD+")),
        f"JSON: {name} in base64": (JSON, repeated(text, b"QUJD", b'"}')),
        f"JSON: {name} with line breaks": (JSON, repeated(text, b"QU\\nJD\\n", b'"}')),
        f"JSON: {name} of escapes": (JSON, repeated(text, b"\\u0041", b'"}')),
        f"JSON: {name} of wide characters": (JSON, repeated(text + "\U0001f600".encode(), b"a", b'"}')),
        f"multipart: {name} as a file": (MULTIPART, repeated(b"--x\r\n" + file + b"\r\n\r\n", b"a", end)),
        f"multipart: {name} as a file in base64": (
            MULTIPART,
            repeated(b"--x\r\n" + in_base64 + b"\r\n\r\n", b"Q U J D ", end),
        ),
    }


HOSTILE: dict[str, Hostile] = {
    "form: escapes that are none": (FORM, repeated(b"password=", b"%zz")),
    "form: escapes": (FORM, repeated(b"password=", b"ab%41")),
    "form: empty fields": (FORM, repeated(b"", b"&")),
    "form: many fields": (FORM, repeated(b"", b"a=1&")),
    "JSON: deep": (JSON, lambda size: b'{"a":' + b"[" * (size // 2 - 3) + b"]" * (size // 2 - 3) + b"}"),
    "JSON: 1,000 deep": (JSON, lambda size: b'{"name":' + b"[" * 1000 + b"]" * 1000 + b"}"),
    "JSON: many lists": (JSON, repeated(b'{"a":[[]', b",[]", b"]}")),
    "JSON: many objects": (JSON, repeated(b'{"a":[{}', b',{"":0}', b"]}")),
    "JSON: many texts": (JSON, repeated(b'{"a":[""', b',"ab"', b"]}")),
    "JSON: many numbers": (JSON, repeated(b'{"a":[0', b",1.5", b"]}")),
    "JSON: quotes alone": (JSON, repeated(b"", b'"')),
    "JSON: a long text of wide characters": (JSON, repeated('{"a":"\U0001f600'.encode(), b"a", b'"}')),
    "multipart: parts without a name": (MULTIPART, repeated(b"", part(b"A: b"), b"--x--\r\n")),
    "multipart: many fields": (
        MULTIPART, repeated(b"", part(b'Content-Disposition: form-data; name="a"'), b"--x--\r\n")
    ),
    "multipart: many files": (
        MULTIPART, repeated(b"", part(b'Content-Disposition: form-data; name="a"; filename="b"'), b"--x--\r\n")
    ),
    "multipart: long headers": (MULTIPART, repeated(b"--x\r\n", b"Content-Disposition: form-data; name=a\r\n")),
    "multipart: no part at all": (MULTIPART, repeated(b"", b"a")),
    "multipart: a long text": (
        MULTIPART,
        repeated(b'--x\r\nContent-Disposition: form-data; name="text"\r\n\r\n', b"a", b"\r\n--x--\r\n"),
    ),
    "raw": (RAW, repeated(b"", b"\0")),
}  # fmt: skip
