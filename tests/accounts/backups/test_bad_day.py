"""The short form of tests/faults/test_backup.py."""

from pathlib import Path

import pytest
from pytest_django import Settings

from tests.accounts.backups.bad_day import back_up, check_it, make_users
from tests.realtime.own_redis import OwnRedis, own_redis
from tests.s3 import Bucket

__all__ = ["own_redis"]
USERS = 20_000


@pytest.mark.django_db(transaction=True)
def test_a_bucket_that_falters_and_a_killed_worker_cost_no_backup(
    bucket: Bucket, settings: Settings, own_redis: OwnRedis, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    make_users(USERS)
    back_up(bucket, settings, own_redis, tmp_path, kills=1, share=0.15)
    check_it(USERS, bucket)
    assert f"{USERS} users" in capsys.readouterr().out
