"""Check that every pin of requirements.txt installs from a wheel wherever Simmer runs: `make wheels`.

    python tools/wheels.py FOLDER STAMP

Asks the package index, for each Python and processor in TARGETS, what the Dockerfile's `pip install` would ask: a wheel
whose hash is pinned. The exceptions are the packages that requirements-sdists.txt names. Nothing is downloaded or
installed; uv resolves for other machines and evaluates the markers of each, which pip cannot do.

Exits with 0 at once when the same files have passed before. When the index cannot be reached, exits with 0 and says
so, or with 1 in CI.
"""

import ast
import hashlib
import os
import re
import subprocess
import sys
import tomllib
from pathlib import Path

# The oldest glibc that pip's wheels are looked for with: Debian 10, RHEL 8 and all that is newer, the image included.
TARGETS = [
    (python, f"{processor}-manylinux_2_28")
    for python in ("3.11", "3.12", "3.13", "3.14")
    for processor in ("x86_64", "aarch64")
]
FILES = ("requirements-build.txt", "requirements-sdists.txt", "requirements.txt")


def main(folder: Path, stamp: Path) -> int:
    """Check the requirements files in `folder`. `stamp` remembers their content when all pins pass."""
    content = hashlib.sha256(repr(TARGETS).encode() + b"".join((folder / name).read_bytes() for name in FILES))
    if stamp.exists() and stamp.read_text() == content.hexdigest():
        say("The pins of requirements.txt have passed before: not checked again.")
        return 0
    index = index_of_pip()
    pinned = set(re.findall(r"sha256:([0-9a-f]{64})", "".join((folder / name).read_text() for name in FILES)))
    faults: dict[str, list[str]] = {}
    for python, platform in TARGETS:
        done = resolve(folder, python, platform, index)
        if "Failed to fetch" in done.stderr:
            say(f"The package index cannot be reached, so the wheels were not checked:\n{done.stderr}")
            return 1 if os.environ.get("CI") else 0
        for fault in [cause(done.stderr)] if done.returncode else unpinned(done.stdout, pinned):
            faults.setdefault(fault, []).append(f"CPython {python} on {platform.partition('-')[0]}")
    for fault, targets in faults.items():
        say(f"{', '.join(targets)}:\n  {fault}")
    if faults:
        say(
            "Pin a release that has wheels. A package of pure Python that has none in any release may be named in "
            "requirements-sdists.txt, with the reason."
        )
        return 1
    say(f"Every pin of requirements.txt has a wheel, or is named in requirements-sdists.txt ({len(TARGETS)} targets).")
    stamp.write_text(content.hexdigest())
    return 0


def resolve(folder: Path, python: str, platform: str, index: dict[str, str]) -> subprocess.CompletedProcess[str]:
    """Have uv choose files for every pin as `pip install` would on that Python and platform; prints a pylock.toml."""
    return subprocess.run(
        [
            *(sys.executable, "-m", "uv", "pip", "compile", "--quiet", "--format", "pylock.toml", "--generate-hashes"),
            *("--python", sys.executable, "--python-version", python, "--python-platform", platform),
            *("--no-deps", "--no-build-isolation"),
            *FILES,
        ],
        cwd=folder,
        env={**os.environ, "UV_NO_CONFIG": "1", "UV_PYTHON_DOWNLOADS": "never", **index},
        capture_output=True,
        text=True,
        check=False,
    )


def unpinned(lock: str, pinned: set[str]) -> list[str]:
    """Say which packages of this pylock.toml have no file whose hash is pinned."""
    faults = []
    for package in tomllib.loads(lock).get("packages", []):
        files = package.get("wheels") or [package["sdist"]]
        if not pinned & {file["hashes"]["sha256"] for file in files}:
            faults.append(f"{package['name']}=={package['version']} has no file whose hash is pinned.")
    return faults


def cause(output: str) -> str:
    """What uv found wrong, without its advice: the lines from "cause:" on, else all lines."""
    text = " ".join(output.partition("hint:")[0].split())
    return text.partition("cause: ")[2] or text


def index_of_pip() -> dict[str, str]:
    """The package index that pip is configured for, in uv's variables: uv does not read pip's configuration."""
    listed = subprocess.run(
        [sys.executable, "-m", "pip", "config", "list"], capture_output=True, text=True, check=False
    ).stdout
    found: dict[str, str] = {}
    for section in ("global", "install", ":env:"):  # the later one wins
        for name, value in re.findall(rf"^{section}\.([a-z-]+)=(.*)$", listed, re.MULTILINE):
            found[name] = str(ast.literal_eval(value))
    variables = {
        "UV_DEFAULT_INDEX": found.get("index-url"),
        "UV_INDEX": " ".join(found.get("extra-index-url", "").split()),
        "UV_FIND_LINKS": ",".join(found.get("find-links", "").split()),
        "SSL_CERT_FILE": found.get("cert"),
        # pip takes the best file of all indexes; the pinned hashes make that safe.
        "UV_INDEX_STRATEGY": "unsafe-best-match",
    }
    return {name: value for name, value in variables.items() if value}


def say(text: str) -> None:
    """Print at once, so that the lines stand in order in a log."""
    print(text, flush=True)


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]), Path(sys.argv[2])))
