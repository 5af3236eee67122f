"""Uploads a picture or video in chunks: python upload.py dinner.mp4

Only what is missing is sent: stop it with Ctrl-C, lose the network, start it again, and it goes on. Which upload
belongs to a file is remembered in `dinner.mp4.upload` beside it.
"""

import hashlib
import json
import mimetypes
import os
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any

URL = os.environ.get("SIMMER_URL", "http://localhost:8000")
TRIES = 20


class Refused(Exception):
    """Sending it again would not help. `status` is the answer's."""

    def __init__(self, status: int, text: str) -> None:
        super().__init__(f"{status} {text}")
        self.status = status


class Client:
    """Sends requests, signs in again when the token has run out, tries again when the network or the server fails."""

    def __init__(self) -> None:
        self.token = ""

    def call(self, method: str, path: str, body: bytes | None = None, **headers: str) -> Any:
        for attempt in range(TRIES):
            try:
                return self._send(method, path, body, headers)
            except urllib.error.HTTPError as error:
                text = error.read().decode(errors="replace")
                if error.code == 401 and self.token and path != "/api/auth/token/":
                    self.token = ""
                # 423: our own last request, whose answer was lost, is still being written.
                elif error.code not in (423, 429) and error.code < 500:
                    raise Refused(error.code, text) from error
            except OSError:
                pass
            time.sleep(min(0.2 * 2**attempt, 10))
        raise SystemExit(f"{URL} does not answer.")

    def post(self, path: str, value: Any) -> Any:
        return self.call("POST", path, json.dumps(value).encode(), **{"Content-Type": "application/json"})

    def _send(self, method: str, path: str, body: bytes | None, headers: dict[str, str]) -> Any:
        if path != "/api/auth/token/":
            if not self.token:
                credentials = {"username": os.environ["SIMMER_USERNAME"], "password": os.environ["SIMMER_PASSWORD"]}
                self.token = self.post("/api/auth/token/", credentials)["access"]
            headers = {**headers, "Authorization": f"Bearer {self.token}"}
        with urllib.request.urlopen(urllib.request.Request(URL + path, body, headers, method=method)) as answer:
            return json.loads(answer.read() or b"null")


def find_or_begin(client: Client, path: Path, note: Path) -> Any:
    """The upload that an earlier run began and did not end, or a new one."""
    if note.exists():
        try:
            found = client.call("GET", f"/api/uploads/{note.read_text()}/")
            if found["length"] == path.stat().st_size:
                return found
        except Refused as refused:
            if refused.status not in (404, 410):
                raise
    content_type = mimetypes.guess_type(path.name)[0] or "application/octet-stream"
    upload = client.post(
        "/api/uploads/", {"filename": path.name, "content_type": content_type, "length": path.stat().st_size}
    )
    note.write_text(upload["id"])
    return upload


def upload_file(client: Client, path: Path) -> str:
    """The media's id."""
    note = path.with_name(f"{path.name}.upload")
    upload = find_or_begin(client, path, note)
    size = upload["chunk_size"]
    with path.open("rb") as file:
        for index in upload["missing_chunks"]:
            file.seek(index * size)
            chunk = file.read(size)
            headers = {"Content-Type": "application/octet-stream", "X-Chunk-SHA256": hashlib.sha256(chunk).hexdigest()}
            answer = client.call("PUT", upload["urls"]["chunks"].format(index=index), chunk, **headers)
            show_progress(answer["received"], upload["chunk_count"])
    media_id: str = client.call("POST", upload["urls"]["finalize"], b"")["media_id"]
    note.unlink()
    return media_id


def show_progress(done: int, total: int) -> None:
    width = 40 * done // total
    print(f"\r[{'#' * width}{' ' * (40 - width)}] {100 * done // total} %", end="", file=sys.stderr, flush=True)
    if done == total:
        print(file=sys.stderr)


def main() -> None:
    client = Client()
    media_id = upload_file(client, Path(sys.argv[1]))
    while (media := client.call("GET", f"/api/media/{media_id}/"))["status"] not in ("ready", "failed"):
        time.sleep(0.5)
    print(json.dumps({"id": media_id, "status": media["status"], "error": media["error"], "url": media["url"]}))


if __name__ == "__main__":
    try:
        main()
    except KeyboardInterrupt:
        raise SystemExit("\nStopped. Run it again, and it goes on where it was.") from None
