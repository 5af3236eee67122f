"""Where backups of tests lie: a folder, and a bucket on two real servers."""

import pytest
from pytest_django import Settings

from accounts.backups.files import Place, backup_place


@pytest.fixture(params=["folder", "moto", "rclone"])
def place(request: pytest.FixtureRequest, settings: Settings) -> Place:
    """A test that asks for this runs with each of the three."""
    if request.param != "folder":
        settings.BACKUP_BUCKET = request.getfixturevalue(request.param).name
    return backup_place()
