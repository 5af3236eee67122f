"""What a worker need not carry: each of its processes, the relay's and beat's would, for nothing."""

import os
import subprocess
import sys

import pytest

from tests.services import ROOT

LOAD = """
import sys
import django
django.setup()
from core.celery import app
app.loader.import_default_modules()
print(*sys.modules)
"""


@pytest.mark.parametrize(
    ("module", "who"),
    [
        ("twisted", "the web server, and `manage.py runserver`"),
        ("av", "`python -m media_pipeline.probe`, a process of its own"),
        ("boto3", "who has to do with a bucket, once it has"),
        ("daphne", "the web server, and `manage.py runserver`"),
    ],
)
def test_a_worker_loads_only_what_its_tasks_need(module: str, who: str) -> None:
    """Together these take 60 MB."""
    env = {**os.environ, "DJANGO_SETTINGS_MODULE": "core.settings"}
    loaded = subprocess.run([sys.executable, "-c", LOAD], cwd=ROOT, env=env, capture_output=True, text=True, check=True)
    assert module not in loaded.stdout.split(), f"{module} is for {who}"
