"""`make wheels`: a pin that the image or a contributor could not install is found before it is merged."""

import subprocess
import sys
from pathlib import Path

import pytest

from tests.operations.package_index import EVERYWHERE, PackageIndex
from tests.services import ROOT


@pytest.fixture
def index(tmp_path: Path) -> PackageIndex:
    return PackageIndex(tmp_path / "index")


class Pins:
    """A folder with requirements files as the repository's, and the stamp of `make wheels`."""

    def __init__(self, folder: Path, index: PackageIndex) -> None:
        self.folder, self.index = folder, index
        folder.mkdir()
        (folder / "requirements-build.txt").touch()
        self.except_for()

    def except_for(self, *names: str) -> None:
        """Name these packages as those that may be built."""
        lines = ["--only-binary :all:", *(f"--no-binary {name}" for name in names)]
        (self.folder / "requirements-sdists.txt").write_text("\n".join(lines) + "\n")

    def check(self, *pins: str, **environment: str) -> tuple[int, str]:
        """Run the check on these pins; its exit code and its words."""
        (self.folder / "requirements.txt").write_text("\n".join(pins) + "\n")
        done = subprocess.run(
            [sys.executable, ROOT / "tools/wheels.py", self.folder, self.folder / "stamp"],
            env={**self.index.environment, "CI": "", **environment}, capture_output=True, text=True, check=False,
        )  # fmt: skip
        assert "Traceback" not in done.stderr, done.stderr
        return done.returncode, done.stdout


@pytest.fixture
def pins(tmp_path: Path, index: PackageIndex) -> Pins:
    return Pins(tmp_path / "pins", index)


def test_pins_that_have_wheels_pass_once_for_each_content(pins: Pins, index: PackageIndex) -> None:
    pure = f"pure==1.0 {index.wheel('pure', '1.0')}"
    compiled = f"compiled==1.0 {' '.join(index.wheel('compiled', '1.0', tag=tag) for tag in EVERYWHERE)}"
    code, said = pins.check(pure, compiled)
    assert (code, "has a wheel" in said) == (0, True), said
    code, said = pins.check(pure, compiled, PIP_INDEX_URL="http://127.0.0.1:9/")
    assert (code, "passed before" in said) == (0, True), said
    assert "passed before" not in pins.check(pure)[1]


def test_a_pin_that_exists_as_sdist_alone_fails_unless_it_is_on_the_list(pins: Pins, index: PackageIndex) -> None:
    source = f"source==1.0 {index.sdist('source', '1.0')}"
    code, said = pins.check(source)
    assert code == 1
    assert "source==1.0 has no" in said
    assert "CPython 3.11 on x86_64" in said and "CPython 3.14 on aarch64" in said
    assert pins.check(source)[0] == 1  # it is not taken for a pin that has passed
    pins.except_for("source")
    code, said = pins.check(source)
    assert code == 0, said


def test_a_wheel_that_is_missing_for_one_python_and_processor_is_named(pins: Pins, index: PackageIndex) -> None:
    hashes = [index.wheel("compiled", "1.0", tag=tag) for tag in EVERYWHERE if tag != EVERYWHERE[-1]]
    code, said = pins.check(f"compiled==1.0 {' '.join(hashes)}")
    assert code == 1
    assert said.startswith("CPython 3.14 on aarch64:\n")


def test_a_wheel_whose_hash_is_not_pinned_does_not_count(pins: Pins, index: PackageIndex) -> None:
    hashes = [index.wheel("compiled", "1.0", tag=tag) for tag in EVERYWHERE]
    code, said = pins.check(f"compiled==1.0 {' '.join(hashes[1:])}")
    assert code == 1
    assert said.startswith("CPython 3.11 on x86_64:\n")


def test_a_pin_is_needed_only_where_its_marker_is_true(pins: Pins, index: PackageIndex) -> None:
    marker = "python_version == '3.14' and platform_machine == 'aarch64' and implementation_name == 'cpython'"
    digest = index.wheel("compiled", "1.0", tag=EVERYWHERE[-1])
    code, said = pins.check(f"compiled==1.0 ; {marker} {digest}")
    assert code == 0, said


def test_an_index_that_cannot_be_reached_is_said_and_fails_in_ci_alone(pins: Pins) -> None:
    away = {"PIP_INDEX_URL": "http://127.0.0.1:9/", "UV_HTTP_RETRIES": "0"}
    pin = "pure==1.0 --hash=sha256:" + 64 * "0"
    code, said = pins.check(pin, **away)
    assert (code, said.startswith("The package index cannot be reached, so the wheels were not checked")) == (0, True)
    assert pins.check(pin, CI="true", **away)[0] == 1


def test_a_file_that_is_no_list_of_pins_fails(pins: Pins) -> None:
    assert pins.check("pure==1.0")[0] == 1  # no hash
    assert pins.check("this is no requirement")[0] == 1


def test_ci_checks_the_wheels_and_the_image_installs_as_make_does() -> None:
    assert "\nmake wheels\n" in (ROOT / ".ci/run").read_text()
    dockerfile = (ROOT / "Dockerfile").read_text()
    assert "RUN ./install.sh /venv" in dockerfile and "pip install" not in dockerfile
    makefile = (ROOT / "Makefile").read_text()
    assert "tools/install.sh $(VENV)" in makefile and "pip install" not in makefile
    ignored = (ROOT / ".dockerignore").read_text().splitlines()
    copied = dockerfile.split("COPY ")[1].splitlines()[0].split()[:-1]
    assert {f"!{name}" for name in copied} <= set(ignored)
