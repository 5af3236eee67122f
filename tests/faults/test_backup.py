"""A backup of a million users: in little memory, whatever the bucket answers and whoever is killed."""

from pathlib import Path

import pytest
from pytest_django import Settings

from tests.accounts.backups.bad_day import back_up, check_it, make_users
from tests.realtime.own_redis import OwnRedis, own_redis
from tests.s3 import Bucket

__all__ = ["own_redis"]
USERS = 1_000_000
# Of one process of a worker, all told.
MEMORY_MB = 150


@pytest.mark.faults
@pytest.mark.django_db(transaction=True)
def test_a_million_users_take_under_150_mb_and_are_all_in_their_backup(
    bucket: Bucket, settings: Settings, own_redis: OwnRedis, tmp_path: Path
) -> None:
    make_users(USERS)
    memory = back_up(bucket, settings, own_redis, tmp_path, kills=3, share=0.1)
    print(f"{memory:.0f} MB")
    check_it(USERS, bucket)
    assert memory < MEMORY_MB
