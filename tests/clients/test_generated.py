"""Clients that are generated from the description: each module loads, and the usual journey works with types alone."""

import base64
import importlib
import io
import json
import os
import pkgutil
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest
from PIL import Image

from core import docs
from tests.live.people import PASSWORD, Person
from tests.stack import Stack

NODE = Path(__file__).resolve().parent.parent / "node"
MODULES = NODE / "node_modules"
JOURNEY = Path(__file__).with_name("python_journey.py")
needs_typescript = pytest.mark.skipif(
    shutil.which("node") is None or not (MODULES / "openapi-typescript").is_dir(),
    reason="needs Node.js 20 and `npm ci --prefix tests/node`",
)


@pytest.fixture(scope="module")
def description(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("description") / "openapi.json"
    path.write_bytes(docs.description("json"))
    return path


def run(*command: str | Path, cwd: Path | None = None, **env: str) -> str:
    ran = subprocess.run(
        list(map(str, command)), cwd=cwd, env={**os.environ, **env}, capture_output=True, text=True, check=False
    )
    assert ran.returncode == 0, f"{ran.stdout}{ran.stderr}"
    return ran.stdout + ran.stderr


@pytest.fixture(scope="module")
def package(description: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder with the package `simmer_client` of openapi-python-client."""
    folder = tmp_path_factory.mktemp("python") / "simmer_client"
    command = [sys.executable, "-m", "openapi_python_client", "generate", "--path", description, "--meta", "none"]
    said = run(*command, "--output-path", folder)
    # The one operation that it does not know: the body of tus has a media type of its own, and tus clients speak it.
    assert said.count("Endpoint will not be generated") == 1 and "/api/tus/{tus_id}/" in said, said
    return folder


def photo() -> bytes:
    data = io.BytesIO()
    Image.new("RGB", (16, 16), "tomato").save(data, "PNG")
    return data.getvalue()


@pytest.fixture
def loaded(package: Path) -> Iterator[ModuleType]:
    sys.path.insert(0, str(package.parent))
    yield importlib.import_module("simmer_client")
    sys.path.remove(str(package.parent))
    for name in [name for name in sys.modules if name.partition(".")[0] == "simmer_client"]:
        del sys.modules[name]


def test_every_module_of_the_python_client_loads(loaded: ModuleType) -> None:
    names = [found.name for found in pkgutil.walk_packages(loaded.__path__, "simmer_client.")]
    assert len(names) > 200
    for name in names:
        importlib.import_module(name)


def test_the_python_client_goes_the_usual_way(stack: Stack, package: Path, tmp_path: Path) -> None:
    """A process of its own: register with a picture, sign in, publish with a photo, rate, follow, read the feed,
    import, set a picture, and read how OAuth refuses an unknown app."""
    (tmp_path / "photo.png").write_bytes(photo())
    said = run(sys.executable, JOURNEY, stack.url, tmp_path / "photo.png", PYTHONPATH=str(package.parent))
    assert json.loads(said.splitlines()[-1]) == {
        "picture": "pending",
        "new picture": "pending",
        "recipe": "Leek soup",
        "image": "pending",
        "average": 5.0,
        "followers": 1,
        "feed": ["Leek soup"],
        "imported": "Toast",
        "oauth": "invalid_client",
        "revoked": 401,
    }


@needs_typescript
def test_the_typescript_client_compiles_strictly_and_goes_the_usual_way(
    stack: Stack, description: Path, tmp_path: Path
) -> None:
    (tmp_path / "node_modules").symlink_to(MODULES)
    (tmp_path / "package.json").write_text('{"type": "module"}')
    shutil.copy(NODE / "journey.ts", tmp_path)
    run(MODULES / ".bin/openapi-typescript", description, "--output", "api.d.ts", cwd=tmp_path)
    options = ["--strict", "--target", "es2022", "--module", "nodenext", "--types", "node"]
    run(MODULES / ".bin/tsc", *options, "journey.ts", cwd=tmp_path)
    seller, customer = Person(stack, role="seller"), Person(stack)
    picture = base64.b64encode(photo()).decode()
    said = run("node", "journey.js", stack.url, seller.username, customer.username, PASSWORD, picture, cwd=tmp_path)
    assert json.loads(said) == {
        "avg": 5,
        "followers": 1,
        "feed": ["Leek soup"],
        "imported": "Toast",
        "warnings": [],
        "image": "pending",
        "steps": 2,
        "again": 304,
    }
