"""A small Cloudinary: a real HTTP server that checks signatures, keeps what is uploaded and delivers it.

Written from its documentation and not from the SDK: the upload API (signed by sorted parameters and the secret), the
admin API (basic authentication), downloads by signed address, and delivery.
"""

import base64
import hashlib
import json
import re
import threading
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from io import BytesIO
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

from werkzeug.formparser import parse_form_data

CLOUD, KEY, SECRET = "simmer-tests", "123456789012345", "a-secret-of-the-tests"
TYPES = {"jpg": "image/jpeg", "webp": "image/webp", "m3u8": "application/vnd.apple.mpegurl", "mp4": "video/mp4"}
UNSIGNED = {"file", "cloud_name", "resource_type", "api_key", "signature"}

Asset = tuple[str, str, str]


class Cloudinary:
    """`assets` by (resource type, type, public id): bytes, format, and when they came."""

    def __init__(self) -> None:
        self.assets: dict[Asset, tuple[bytes, str, datetime]] = {}
        self.pieces: dict[str, bytes] = {}
        self.is_down = False
        self.address = ""

    @property
    def url(self) -> str:
        """For CLOUDINARY_URL."""
        return (
            f"cloudinary://{KEY}:{SECRET}@{CLOUD}"
            f"?upload_prefix=http%3A%2F%2F{self.address}&secure=false&cname={self.address}"
        )

    def find(self, kind: str, delivery: str, public_id: str) -> Asset:
        key = (kind, delivery, public_id)
        if key not in self.assets:
            raise Refused(404, f"Resource not found - {public_id}")
        return key


class Refused(Exception):
    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status, self.message = status, message


def signature(fields: dict[str, str]) -> str:
    signed = sorted(f"{name}={value}".replace("&", "%26") for name, value in fields.items() if name not in UNSIGNED)
    return hashlib.sha1(("&".join(signed) + SECRET).encode()).hexdigest()


def require_signed(fields: dict[str, str]) -> None:
    if fields.get("api_key") != KEY or fields.get("signature") != signature(fields):
        raise Refused(401, "Invalid Signature")
    if abs(int(fields["timestamp"]) - time.time()) > 3600:
        raise Refused(400, "Stale request")


def _handler(cloud: Cloudinary) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def log_message(self, format: str, *args: Any) -> None: ...

        def handle_method(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            path = unquote(urlsplit(self.path).path)
            query = {name: values[-1] for name, values in parse_qs(urlsplit(self.path).query).items()}
            try:
                if cloud.is_down:
                    raise Refused(500, "Internal error")
                api = f"/v1_1/{CLOUD}/"
                if path.startswith(f"{api}resources/"):
                    self.answer_json(self.admin(path.removeprefix(f"{api}resources/").split("/"), query, body))
                elif path.startswith(api):
                    kind, action = path.removeprefix(api).split("/")
                    if action == "download":
                        self.download(kind, query)
                    else:
                        self.answer_json(self.upload(kind, action, body))
                else:
                    self.deliver(path)
            except Refused as refused:
                self.answer_json({"error": {"message": refused.message}}, refused.status)

        do_GET = do_POST = do_DELETE = handle_method

        def upload(self, kind: str, action: str, body: bytes) -> dict[str, Any]:
            fields, content = self.form(body)
            require_signed(fields)
            key = (kind, fields.get("type", "upload"), fields.get("public_id", ""))
            if action == "destroy":
                return {"result": "ok" if cloud.assets.pop(key, None) else "not found"}
            if action == "rename":
                renamed = (kind, fields.get("to_type", key[1]), fields["to_public_id"])
                old = cloud.find(kind, fields.get("type", "upload"), fields["from_public_id"])
                cloud.assets[renamed] = cloud.assets.pop(old)
                return {"public_id": renamed[2], "resource_type": kind, "type": renamed[1]}
            if action != "upload" or content is None:
                raise Refused(400, f"Unknown action {action}")
            if span := self.headers.get("Content-Range"):
                last, size = map(int, re.findall(r"\d+", span)[1:])
                upload_id = self.headers["X-Unique-Upload-Id"]
                content = cloud.pieces.get(upload_id, b"") + content
                if len(content) != last + 1:
                    raise Refused(400, f"Expected a piece at {len(content)}")
                if last + 1 < size:
                    cloud.pieces[upload_id] = content
                    return {"done": False, "public_id": fields["public_id"]}
                cloud.pieces.pop(upload_id, None)
            looks = "jpg" if content.startswith(b"\xff\xd8") else "webp" if content[8:12] == b"WEBP" else ""
            if kind == "image" and not looks:
                raise Refused(400, "Invalid image file")
            cloud.assets[key] = (content, looks if kind == "image" else "", datetime.now(UTC))
            return {"public_id": key[2], "resource_type": kind, "type": key[1], "bytes": len(content), "version": 1}

        def form(self, body: bytes) -> tuple[dict[str, str], bytes | None]:
            environ = {
                "REQUEST_METHOD": "POST",
                "CONTENT_TYPE": self.headers["Content-Type"],
                "CONTENT_LENGTH": str(len(body)),
                "wsgi.input": BytesIO(body),
            }
            _, form, files = parse_form_data(environ, max_form_memory_size=None)
            content = None
            if "file" in files:
                with closing(files["file"]) as file:
                    content = file.read()
            return {name: str(form[name]) for name in form}, content

        def admin(self, path: list[str], query: dict[str, str], body: bytes) -> dict[str, Any]:
            wanted = "Basic " + base64.b64encode(f"{KEY}:{SECRET}".encode()).decode()
            if self.headers.get("Authorization") != wanted:
                raise Refused(401, "Invalid credentials")
            kind, delivery, *rest = path
            if self.command == "DELETE":
                ids = json.loads(body)["public_ids"]
                if len(ids) > 100:
                    raise Refused(400, "Too many public ids")
                done = {one: "deleted" if cloud.assets.pop((kind, delivery, one), None) else "not_found" for one in ids}
                return {"deleted": done}
            if rest:
                return self.described(cloud.find(kind, delivery, "/".join(rest)))
            return self.listing(kind, delivery, query)

        def listing(self, kind: str, delivery: str, query: dict[str, str]) -> dict[str, Any]:
            found = sorted(
                key for key in cloud.assets if key[:2] == (kind, delivery) and key[2].startswith(query["prefix"])
            )
            # Two a page, however many are asked for: whoever lists has to turn it.
            start = int(query.get("next_cursor", "0"))
            page = {"resources": [self.described(key) for key in found[start : start + 2]]}
            return {**page, "next_cursor": str(start + 2)} if start + 2 < len(found) else page

        def described(self, key: Asset) -> dict[str, Any]:
            content, looks, came = cloud.assets[key]
            at = came.strftime("%Y-%m-%dT%H:%M:%SZ")
            return {"public_id": key[2], "bytes": len(content), "format": looks, "created_at": at}

        def download(self, kind: str, query: dict[str, str]) -> None:
            require_signed(query)
            if int(query["expires_at"]) <= time.time():
                raise Refused(401, "Link expired")
            content, _, _ = cloud.assets[cloud.find(kind, query["type"], query["public_id"])]
            more = {"Content-Disposition": "attachment"} if query.get("attachment") else {}
            self.answer(content, "application/octet-stream", {"Cache-Control": "private", **more})

        def deliver(self, path: str) -> None:
            _, cloud_name, kind, delivery, version, public_id = path.split("/", 5)
            if (cloud_name, version) != (CLOUD, "v1"):
                raise Refused(404, "Unknown cloud")
            if delivery != "upload":
                raise Refused(401, "deny or ACL failure")
            looks = ""
            if kind == "image":
                public_id, _, looks = public_id.rpartition(".")
            content, kept, _ = cloud.assets[cloud.find(kind, delivery, public_id)]
            if looks != kept:
                raise Refused(400, "This would be converted, and is not to be")
            content_type = TYPES.get(looks or public_id.rpartition(".")[2], "application/octet-stream")
            self.answer(content, content_type, {"Cache-Control": "public, immutable, max-age=2592000"})

        def answer(self, content: bytes, content_type: str, headers: dict[str, str]) -> None:
            span = re.fullmatch(r"bytes=(\d+)-(\d*)", self.headers.get("Range", ""))
            if span is not None:
                size, first = len(content), int(span[1])
                content = content[first : int(span[2]) + 1 if span[2] else None]
                headers = {**headers, "Content-Range": f"bytes {first}-{first + len(content) - 1}/{size}"}
            self.send_response(206 if span else 200)
            for name, value in {**headers, "Content-Type": content_type, "Content-Length": str(len(content))}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(content)

        def answer_json(self, shape: dict[str, Any], status: int = 200) -> None:
            content = json.dumps(shape).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

    return Handler


@contextmanager
def cloudinary_stub() -> Iterator[Cloudinary]:
    cloud = Cloudinary()
    server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(cloud))
    cloud.address = f"127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield cloud
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
