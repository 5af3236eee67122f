"""Reading JSON costs time in proportion to its length, whatever it is made of."""

import resource
import subprocess
import sys

import pytest

from tests.services import ROOT

READ = "import sys; from core.json_reading import read_json; read_json(sys.stdin.buffer.read())"
# A megabyte takes milliseconds. What is quadratic takes hours, and the kernel ends it by this limit.
CPU_SECONDS = 20
MANY = b"," * 150_001


@pytest.mark.parametrize(
    "body",
    [
        b'{"username":[' + MANY + b'"' + rb"\"" * 400_000,
        b'{"username":[' + MANY + b'"' * 800_001,
        b'{"username":[' + MANY + b'"' + b"\\" * 800_001,
        b"[" + MANY + b'"' + b'a"' * 400_000,
    ],
    ids=["escaped quotes that nothing closes", "quotes", "backslashes", "texts side by side"],
)
def test_a_megabyte_that_is_no_json_is_refused_at_once(body: bytes) -> None:
    done = subprocess.run(
        [sys.executable, "-c", READ],
        input=body,
        cwd=ROOT,
        capture_output=True,
        check=False,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_CPU, (CPU_SECONDS, CPU_SECONDS)),
    )
    assert done.returncode == 1, f"ended by signal {-done.returncode}"
    assert b"JSONDecodeError" in done.stderr or b"TooComplex" in done.stderr
