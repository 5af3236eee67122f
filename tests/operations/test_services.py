"""The servers that tests/services.py brings are real, private and this worker's own."""

import os

import pytest
import redis
from django.db import connection


@pytest.mark.django_db
def test_the_database_is_a_real_postgresql() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT version()")
        (version,) = cursor.fetchone()
    assert version.startswith("PostgreSQL ")
    assert connection.settings_dict["NAME"].startswith("test_")


def test_redis_is_real_and_asks_for_its_password() -> None:
    with redis.Redis.from_url(os.environ["REDIS_URL"]) as client:
        assert client.info("server")["redis_version"]
        port = client.connection_pool.connection_kwargs["port"]
    if "TEST_REDIS_URL" not in os.environ:
        with redis.Redis(port=port) as stranger, pytest.raises(redis.AuthenticationError):
            stranger.ping()
