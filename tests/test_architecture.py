"""The house keeps its shape: directions of imports, small files, one name for one thing."""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any
from weakref import ref

import pytest
from django.apps import apps
from django.db.models import signals
from django.urls import URLPattern, URLResolver, get_resolver

from core.celery import app
from core.periodic import PERIODIC_TASKS
from realtime.jobs import JOBS

ROOT = Path(__file__).resolve().parent.parent
APPS = ["core", "realtime", "media_pipeline", "accounts", "recipes", "posts"]
LINES = 400
# Names that say nothing: what lies in such a file belongs where it is used, or has a name of its own.
DRAWERS = {"utils", "util", "helpers", "helper", "common", "misc", "tools", "shared", "base", "signals", "constants"}


def sources(*folders: str) -> Iterator[Path]:
    for folder in folders:
        for path in (ROOT / folder).rglob("*.py"):
            if not {"migrations", "node_modules"} & set(path.parts):
                yield path


def test_imports_run_down_only() -> None:
    lint = Path(sys.executable).with_name("lint-imports")
    run = subprocess.run([lint], cwd=ROOT, capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stdout + run.stderr


def test_no_file_is_long() -> None:
    lengths = {
        str(path.relative_to(ROOT)): len(path.read_text().splitlines())
        for path in sources(*APPS, "tests", "benchmarks", "examples")
    }
    assert {name: length for name, length in lengths.items() if length > LINES} == {}


def test_no_file_is_a_drawer() -> None:
    names = [path for path in sources(*APPS) if DRAWERS & {path.stem, path.parent.name}]
    # Django looks for a database backend under this name.
    assert [path for path in names if path.parts[-3:] != ("core", "postgresql", "base.py")] == []


def views(patterns: Any) -> Iterator[Any]:
    for pattern in patterns:
        if isinstance(pattern, URLResolver):
            if pattern.app_name != "admin":
                yield from views(pattern.url_patterns)
        elif isinstance(pattern, URLPattern):
            yield getattr(pattern.callback, "cls", pattern.callback)


def test_an_apps_views_are_in_its_views() -> None:
    for view in views(get_resolver().url_patterns):
        app, _, module = view.__module__.partition(".")
        assert app == "core" or module.split(".")[0] == "views", view


@pytest.mark.parametrize("app", [app for app in APPS if app != "core"])
def test_an_apps_models_are_in_its_models(app: str) -> None:
    """In the module, or in a package of that name."""
    modules = {".".join(model.__module__.split(".")[:2]) for model in apps.get_app_config(app).get_models()}
    assert modules <= {f"{app}.models"}


def test_an_apps_tasks_are_in_its_tasks() -> None:
    """Or beside what they work for, in a module that the app's tasks import: there Celery and a reader find them."""
    app.loader.import_default_modules()
    names = [name for name, task in app.tasks.items() if task.__module__.partition(".")[0] in APPS]
    assert names, "no task of ours is registered"
    for name in names:
        if name.startswith("tests."):  # sample jobs, registered when their tests were collected
            continue
        function = (JOBS.get(name) or PERIODIC_TASKS[name]).function
        module = function.__module__
        tasks = sys.modules[f"{module.partition('.')[0]}.tasks"]
        imported = {value.__name__ for value in vars(tasks).values() if isinstance(value, ModuleType)}
        assert module in {tasks.__name__, *imported}, name


def test_no_app_listens_to_model_signals() -> None:
    for signal in (signals.pre_save, signals.post_save, signals.pre_delete, signals.post_delete, signals.m2m_changed):
        for _, receiver, *_ in signal.receivers:
            function: Any = receiver() if isinstance(receiver, ref) else receiver
            assert function is None or function.__module__.partition(".")[0] not in APPS, function
