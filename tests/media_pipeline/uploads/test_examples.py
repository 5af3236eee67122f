"""The examples that upload, run as a reader would run them."""

import json
import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from core.processes import bound
from tests.live.people import PASSWORD
from tests.media_pipeline.pictures import encoded, photo
from tests.media_pipeline.uploads.conftest import Uploader, noise, original_of
from tests.media_pipeline.uploads.flaky import flaky
from tests.services import ROOT
from tests.stack import Stack, wait_until

NODE = ROOT / "tests" / "node"
SECONDS = 60


def environment(anna: Uploader, url: str = "") -> dict[str, str]:
    names = {"SIMMER_URL": url or anna.stack.url, "SIMMER_USERNAME": anna.username, "SIMMER_PASSWORD": PASSWORD}
    return {**os.environ, **names}


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "dinner.jpg"
    path.write_bytes(encoded(photo(800, 600)))
    return path


def run(command: list[str | Path], anna: Uploader, url: str = "") -> Any:
    done = subprocess.run(
        command, env=environment(anna, url), capture_output=True, text=True, timeout=SECONDS, check=False
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def upload_py(*arguments: Path) -> list[str | Path]:
    return [sys.executable, ROOT / "examples" / "upload.py", *arguments]


def ctrl_c_ends() -> None:
    """In the child: a test run that a shell has put into the background ignores it, and hands that on."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


@pytest.mark.parametrize("share", [0, 0.3])
def test_upload_py_uploads(stack: Stack, anna: Uploader, file: Path, share: float) -> None:
    with flaky(stack.url, share=share, seed=4) as url:
        media = run(upload_py(file), anna, url)
    assert media["status"] == "ready" and media["url"]
    assert original_of(stack, media["id"]) == file.read_bytes()
    assert not file.with_name("dinner.jpg.upload").exists()


def test_upload_py_stopped_and_run_again_sends_the_rest(stack: Stack, anna: Uploader, tmp_path: Path) -> None:
    film = tmp_path / "dinner.mp4"
    film.write_bytes(b"no film, but many chunks" + noise(40 * 1024 * 1024))
    note = film.with_name("dinner.mp4.upload")

    def begun() -> Any:
        return note.exists() and note.read_text()

    with flaky(stack.url, share=0, puts=3) as url:
        process = subprocess.Popen(bound(upload_py(film)), env=environment(anna, url), preexec_fn=ctrl_c_ends)
        try:
            upload = {"id": wait_until(begun, what="the beginning of the upload")}
            wait_until(lambda: anna.read(upload)["received"] == 3, what="three chunks")
            process.send_signal(signal.SIGINT)
            process.wait(timeout=SECONDS)
        finally:
            process.kill()
            process.wait()
    assert process.returncode == 1 and anna.read(upload)["received"] == 3
    media = run(upload_py(film), anna)
    assert media["error"] == "unsupported_media"
    assert anna.read(upload)["media_id"] == media["id"]
    assert original_of(stack, media["id"]) == film.read_bytes()


@pytest.mark.skipif(
    shutil.which("node") is None or not (NODE / "node_modules" / "tus-js-client").is_dir(),
    reason="needs Node.js 20 and `npm ci --prefix tests/node`",
)
def test_upload_tus_mjs_uploads(stack: Stack, anna: Uploader, file: Path, tmp_path: Path) -> None:
    # Modules are looked for beside the script.
    script = tmp_path / "upload_tus.mjs"
    script.write_text((ROOT / "examples" / "upload_tus.mjs").read_text())
    (tmp_path / "node_modules").symlink_to(NODE / "node_modules")
    media = run(["node", script, file], anna)
    assert anna.finished(media["id"])["status"] == "ready"
    assert original_of(stack, media["id"]) == file.read_bytes()
