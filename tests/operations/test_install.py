"""tools/install.sh, by which make and the image install: what it builds, when it runs again, what its errors say."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.operations.package_index import PackageIndex
from tests.services import ROOT

# A build backend that writes the wheel of the one module beside it.
BUILDER = """
import pathlib, re, zipfile

def build_wheel(folder, config_settings=None, metadata_directory=None):
    name, version = re.findall("^(?:Name|Version): (.*)$", pathlib.Path("PKG-INFO").read_text(), re.MULTILINE)
    wheel, info = f"{name}-{version}-py3-none-any.whl", f"{name}-{version}.dist-info"
    with zipfile.ZipFile(pathlib.Path(folder, wheel), "w") as zipped:
        zipped.writestr(f"{name}.py", "built_by = 'the pinned builder'")
        zipped.writestr(f"{info}/METADATA", pathlib.Path("PKG-INFO").read_text())
        zipped.writestr(f"{info}/WHEEL", "Wheel-Version: 1.0\\nRoot-Is-Purelib: true\\nTag: py3-none-any\\n")
        zipped.writestr(f"{info}/RECORD", "")
    return wheel
"""


class Checkout:
    """A folder with the repository's Makefile and tools, requirements of its own, and a PATH that a test chooses."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        folder.mkdir()
        shutil.copytree(ROOT / "tools", folder / "tools")
        shutil.copy(ROOT / "Makefile", folder)
        for name in ("requirements-build.txt", "requirements.txt", "requirements-dev.txt"):
            (folder / name).touch()
        (folder / "requirements-sdists.txt").write_text("--only-binary :all:\n--no-binary source\n")
        self.index = PackageIndex(folder / "index")
        self.programs = folder / "programs"
        self.programs.mkdir()
        for name in ("sh", "make", "awk", "cat", "cksum", "grep", "ls", "rm", "tee"):
            if found := shutil.which(name):
                (self.programs / name).symlink_to(found)
        self.venv = folder / ".venv"

    def python(self, script: str = f'exec "{sys.executable}" "$@"', *, name: str = "python3") -> Path:
        """Put a Python on the PATH: this one, or what the shell script makes of it."""
        program = self.programs / name
        program.write_text(f"#!/bin/sh\n{script}\n")
        program.chmod(0o755)
        return program

    def run(self, *command: str, **environment: str) -> subprocess.CompletedProcess[str]:
        env = {"HOME": str(self.folder), "PIP_RETRIES": "0", **self.index.environment, **environment}
        env.pop("PYTHON", None) if "PYTHON" not in environment else None
        env["PATH"] = str(self.programs)
        return subprocess.run(command, cwd=self.folder, env=env, capture_output=True, text=True, check=False)

    def install(self, **environment: str) -> subprocess.CompletedProcess[str]:
        return self.run("tools/install.sh", ".venv", **environment)

    def say(self, program: str) -> str:
        """What this one-liner prints in the virtual environment."""
        python = [self.venv / "bin/python", "-c", program]
        return subprocess.run(python, capture_output=True, text=True, check=True).stdout.strip()


@pytest.fixture
def checkout(tmp_path: Path) -> Checkout:
    """Without a virtual environment."""
    return Checkout(tmp_path / "checkout")


@pytest.fixture(scope="module")
def empty_environment(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("environment") / ".venv"
    subprocess.run([sys.executable, "-m", "venv", folder], check=True)
    return folder


@pytest.fixture
def created(checkout: Checkout, empty_environment: Path) -> Checkout:
    """With a virtual environment that has pip alone."""
    shutil.copytree(empty_environment, checkout.venv, symlinks=True)
    return checkout


def test_looking_at_the_makefile_deletes_nothing(checkout: Checkout) -> None:
    (checkout.venv / "bin").mkdir(parents=True)
    (checkout.venv / "pyvenv.cfg").touch()
    (checkout.venv / "bin/python").symlink_to("/nowhere/python3")  # the machine's Python was upgraded
    for command in (["make", "-n", "help"], ["make", "help"], ["make", "-n", "run"], ["make", "-n", "test"]):
        assert checkout.run(*command).returncode == 0
        assert (checkout.venv / "pyvenv.cfg").exists(), command


def test_an_sdist_is_built_with_the_pinned_builder_and_only_new_files_install_again(created: Checkout) -> None:
    created.python()
    pinned = f"builder==1.0 {created.index.wheel('builder', '1.0', module=BUILDER)}\n"
    created.index.wheel("builder", "2.0", module="raise SystemExit('a builder that is not pinned')")
    (created.folder / "requirements-build.txt").write_text(pinned)
    source = f"source==1.0 {created.index.sdist('source', '1.0', builder='builder')}\n"
    (created.folder / "requirements.txt").write_text(source)
    done = created.install()
    assert done.returncode == 0, done.stderr
    assert created.say("import source; print(source.built_by)") == "the pinned builder"

    done = created.install(PIP_INDEX_URL="http://127.0.0.1:9/")
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    (created.folder / "requirements.txt").write_text(f"{source}more==1.0 {created.index.wheel('more', '1.0')}\n")
    assert created.install().returncode == 0
    assert created.say("import more, source; print('both')") == "both"

    (created.venv / "bin/python").unlink()
    (created.venv / "bin/python").symlink_to("/nowhere/python3")
    done = created.install()
    assert "Creating .venv with Python" in done.stdout
    assert created.say("import more, source; print('both')") == "both"


def test_what_the_tests_need_is_installed_beside_the_rest(created: Checkout) -> None:
    (created.folder / "requirements-dev.txt").write_text(f"more==1.0 {created.index.wheel('more', '1.0')}\n")
    assert created.install().returncode == 0
    done = created.run("tools/install.sh", ".venv", "--dev")
    assert done.returncode == 0, done.stderr
    assert created.say("import more; print('there')") == "there"


def test_a_folder_that_is_no_environment_is_left_alone(checkout: Checkout) -> None:
    checkout.python()
    checkout.venv.mkdir()
    (checkout.venv / "thesis.txt").write_text("mine")
    done = checkout.install()
    assert done.returncode != 0
    assert ".venv is not a virtual environment: move it away." in done.stderr
    assert (checkout.venv / "thesis.txt").exists()


OLD = 'case "$2" in *print*) echo 3.9.2;; *) exit 1;; esac'
# Without its package python3-venv.
DEBIAN = 'if [ "$2" = venv ]; then echo "ensurepip is not available" >&2; exit 1; fi'
LACKS = f'PYTHONPATH="$0.lacks" exec "{sys.executable}" "$@"'


@pytest.mark.parametrize(
    ("script", "said"),
    [
        (None, ["There is no python3 on the PATH.", "needs Python 3.11 or later: install one"]),
        (OLD, ["python3 is Python 3.9.2, which is too old."]),
        ("echo 'python3: command not found' >&2; exit 127", ["python3 does not start: python3: command not found"]),
        (f"# venv\n{LACKS}", ["could not create a virtual environment", "It lacks the module venv.", "apt install"]),
        (
            f"# ensurepip\n{DEBIAN}\n{LACKS}",
            ["could not create a virtual environment", "It lacks the module ensurepip."],
        ),
    ],
    ids=["none", "too old", "does not start", "without venv", "without ensurepip"],
)
def test_a_python_that_cannot_do_it_is_told_apart(checkout: Checkout, script: str | None, said: list[str]) -> None:
    if script is not None:
        checkout.python(script)
        for module in ("venv", "ensurepip"):
            if script.startswith(f"# {module}"):
                folder = checkout.programs / "python3.lacks" / module
                folder.mkdir(parents=True)
                (folder / "__init__.py").write_text(f"raise ModuleNotFoundError('No module named {module!r}')")
                (folder / "__main__.py").touch()
    done = checkout.install()
    assert done.returncode != 0
    for words in said:
        assert words in done.stderr
    assert "too old" in said[0] or "too old" not in done.stderr
    assert ("needs Python 3.11" in done.stderr) == ("It lacks the module" not in done.stderr)
    assert not checkout.venv.exists()


def test_another_python_is_taken_when_the_first_cannot(checkout: Checkout) -> None:
    checkout.python(OLD)
    checkout.python(name="python3.12")
    done = checkout.install()
    assert done.returncode == 0, done.stderr
    assert "python3 is Python 3.9.2, which is too old." in done.stderr


def test_a_python_that_is_named_is_the_only_one_tried(checkout: Checkout) -> None:
    checkout.python()
    done = checkout.install(PYTHON="/nowhere/python3")
    assert done.returncode != 0
    assert "/nowhere/python3 does not start" in done.stderr and "Set PYTHON to the path" in done.stderr
    assert not checkout.venv.exists()


def test_without_a_network_it_says_so(created: Checkout) -> None:
    (created.folder / "requirements.txt").write_text("more==1.0 --hash=sha256:" + 64 * "0")
    done = created.install(PIP_INDEX_URL="http://127.0.0.1:9/simple", PIP_RETRIES="1")
    assert done.returncode != 0
    assert "pip could not reach the package index. Is there a network?" in done.stderr
    assert created.install().returncode != 0  # nothing is taken for installed


def test_a_package_without_a_wheel_for_this_machine_is_told_apart(created: Checkout) -> None:
    digest = created.index.wheel("compiled", "1.0", tag="cp311-cp311-win_amd64")
    (created.folder / "requirements.txt").write_text(f"compiled==1.0 {digest}")
    done = created.install()
    assert done.returncode != 0
    assert "compiled==1.0" in done.stderr
    assert f"A package has no wheel for Python {sys.version.split()[0]} on {os.uname().sysname}" in done.stderr


def test_a_file_that_is_not_the_pinned_one_is_refused_in_pips_own_words(created: Checkout) -> None:
    created.index.wheel("more", "1.0")
    (created.folder / "requirements.txt").write_text("more==1.0 --hash=sha256:" + 64 * "0")
    done = created.install()
    assert done.returncode != 0
    assert "DO NOT MATCH THE HASHES" in done.stderr
    assert "pip could not install the requirements" in done.stderr
