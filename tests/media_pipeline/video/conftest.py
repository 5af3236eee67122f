"""A film on its way through the API and the worker, and the playlists that came out."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from pytest_django import Settings
from rest_framework.test import APIClient

from tests.media_pipeline.conftest import ann, bob, files, listener, processed, upload  # noqa: F401  fixtures


@pytest.fixture
def made(ann: APIClient) -> Callable[[bytes], Any]:  # noqa: F811
    """The media shape of a film after its job has run."""
    return lambda data: processed(ann, data)


@pytest.fixture
def folder_of(settings: Settings) -> Callable[[Any], Path]:
    """Where the files of a ready film lie."""

    def find(media: Any) -> Path:
        key = media["hls_url"].removeprefix(settings.MEDIA_URL)
        return (Path(settings.MEDIA_ROOT) / key).parent

    return find
