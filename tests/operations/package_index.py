"""A package index in a folder, with packages made for a test: what pip and uv read in place of the public one."""

import hashlib
import io
import os
import tarfile
import zipfile
from pathlib import Path

# Pins for the compiled package below: every target that `make wheels` asks about.
EVERYWHERE = [
    f"cp{python}-cp{python}-manylinux_2_17_{processor}"
    for python in ("311", "312", "313", "314")
    for processor in ("x86_64", "aarch64")
]


class PackageIndex:
    """Packages of one module each, whose files and hashes it lists as the "simple" API does."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.folder.mkdir()
        self.environment = {
            **{name: value for name, value in os.environ.items() if not name.startswith(("PIP_", "UV_"))},
            "PIP_CONFIG_FILE": os.devnull,
            "PIP_INDEX_URL": self.folder.as_uri(),
            "UV_CACHE_DIR": str(folder.with_name("uv-cache")),
        }

    def wheel(self, name: str, version: str, *, tag: str = "py3-none-any", module: str = "") -> str:
        """Add a wheel; returns its hash as requirements files write it."""
        info = f"{name}-{version}.dist-info"
        files = {
            f"{name}.py": module,
            f"{info}/METADATA": f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n",
            f"{info}/WHEEL": f"Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: {tag}\n",
            f"{info}/RECORD": "",
        }
        archive = io.BytesIO()
        with zipfile.ZipFile(archive, "w") as zipped:
            for path, text in files.items():
                zipped.writestr(path, text)
        return self._add(name, f"{name}-{version}-{tag}.whl", archive.getvalue())

    def sdist(self, name: str, version: str, *, builder: str = "setuptools") -> str:
        """Add a source distribution that `builder` builds, a module and package; returns its hash."""
        files = {
            "pyproject.toml": f'[build-system]\nrequires = ["{builder}"]\nbuild-backend = "{builder}"\n',
            "PKG-INFO": f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n",
            f"{name}.py": "",
        }
        archive = io.BytesIO()
        with tarfile.open(fileobj=archive, mode="w:gz") as tar:
            for path, text in files.items():
                entry = tarfile.TarInfo(f"{name}-{version}/{path}")
                entry.size = len(text.encode())
                tar.addfile(entry, io.BytesIO(text.encode()))
        return self._add(name, f"{name}-{version}.tar.gz", archive.getvalue())

    def _add(self, name: str, file: str, content: bytes) -> str:
        folder = self.folder / name
        folder.mkdir(exist_ok=True)
        (folder / file).write_bytes(content)
        digest = hashlib.sha256(content).hexdigest()
        with (folder / "index.html").open("a") as page:
            page.write(f'<a href="{file}#sha256={digest}">{file}</a>\n')
        return f"--hash=sha256:{digest}"
