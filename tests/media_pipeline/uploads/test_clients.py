"""Clients of others, unmodified: npm's `tus-js-client` and PyPI's `tuspy`."""

import json
import shutil
import subprocess
import sys
from itertools import product
from pathlib import Path
from typing import Any

import pytest

from tests.media_pipeline.pictures import encoded, photo
from tests.media_pipeline.uploads.conftest import Uploader, original_of
from tests.media_pipeline.uploads.flaky import flaky
from tests.services import ROOT
from tests.stack import Stack

NODE = ROOT / "tests" / "node"
needs_node = pytest.mark.skipif(
    shutil.which("node") is None or not (NODE / "node_modules" / "tus-js-client").is_dir(),
    reason="needs Node.js 20 and `npm ci --prefix tests/node`",
)
SECONDS = 60


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """A photo of some hundred kilobytes."""
    path = tmp_path / "dinner.jpg"
    path.write_bytes(encoded(photo(1600, 1200), quality=95))
    assert path.stat().st_size > 5 * CHUNK
    return path


CHUNK = 32 * 1024


def tus_js(anna: Uploader, file: Path, mode: str, *, url: str = "") -> list[dict[str, Any]]:
    """What tests/node/upload.mjs printed."""
    endpoint = f"{url or anna.stack.url}/api/tus/"
    done = subprocess.run(
        ["node", "upload.mjs", endpoint, anna.access, str(file), mode, str(CHUNK)],
        cwd=NODE, capture_output=True, text=True, timeout=SECONDS, check=False,
    )  # fmt: skip
    happened = [json.loads(line) for line in done.stdout.splitlines()]
    assert done.returncode == 0, (happened, done.stderr)
    return happened


def assert_arrived(stack: Stack, anna: Uploader, file: Path, media_id: str) -> None:
    assert anna.finished(media_id)["status"] == "ready"
    assert original_of(stack, media_id) == file.read_bytes()


@needs_node
@pytest.mark.parametrize("mode", ["plain", "chunked", "deferred", "parallel", "with-creation", "overridden", "resume"])
def test_tus_js_client_uploads(stack: Stack, anna: Uploader, file: Path, mode: str) -> None:
    *before, last = tus_js(anna, file, mode)
    assert last["event"] == "success"
    assert [event["event"] for event in before] == (["aborted"] if mode == "resume" else [])
    assert_arrived(stack, anna, file, last["mediaId"])


@needs_node
def test_tus_js_client_terminates(anna: Uploader, file: Path) -> None:
    (event,) = tus_js(anna, file, "terminate")
    assert event["event"] == "aborted"
    path = event["url"].removeprefix(anna.stack.url)
    assert anna.tus("HEAD", path).status_code == 410


@needs_node
@pytest.mark.parametrize("seed", [1, 2])
def test_tus_js_client_terminates_while_a_third_of_its_requests_fail(anna: Uploader, file: Path, seed: int) -> None:
    with flaky(anna.stack.url, share=0.3, seed=seed) as url:
        event = tus_js(anna, file, "terminate", url=url)[-1]
    assert event["event"] == "aborted"
    upload_id = event["url"].rstrip("/").rpartition("/")[2]
    assert anna.tus("HEAD", f"/api/tus/{upload_id}/").status_code == 410


@needs_node
@pytest.mark.parametrize(
    ("mode", "seed"),
    [*product(["chunked", "deferred"], [1, 2, 3]), ("plain", 8), ("parallel", 4), ("with-creation", 5), ("resume", 6)],
)
def test_tus_js_client_arrives_while_a_third_of_its_requests_fail(
    stack: Stack, anna: Uploader, file: Path, mode: str, seed: int
) -> None:
    with flaky(stack.url, share=0.3, seed=seed) as url:
        last = tus_js(anna, file, mode, url=url)[-1]
    assert last["event"] == "success"
    upload_id = last["url"].rstrip("/").rpartition("/")[2]
    media_id = anna.call("GET", f"/api/uploads/{upload_id}/", 200)["media_id"]
    assert_arrived(stack, anna, file, media_id)


@pytest.mark.parametrize("share", [0, 0.3])
def test_tuspy_uploads(stack: Stack, anna: Uploader, file: Path, share: float) -> None:
    script = Path(__file__).with_name("upload_tuspy.py")
    with flaky(stack.url, share=share, seed=5) as url:
        done = subprocess.run(
            [sys.executable, script, f"{url}/api/tus/", anna.access, file, str(CHUNK)],
            capture_output=True, text=True, timeout=SECONDS, check=False,
        )  # fmt: skip
    assert done.returncode == 0, done.stderr
    upload_id = done.stdout.strip().rstrip("/").rpartition("/")[2]
    media_id = anna.call("GET", f"/api/uploads/{upload_id}/", 200)["media_id"]
    assert_arrived(stack, anna, file, media_id)
