"""A deployment for tests that take parts of it away."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from benchmarks.machine import raise_file_limit
from tests import services
from tests.faults.deployment import Deployment
from tests.realtime.own_redis import OwnRedis


@pytest.fixture(scope="session")
def faults_redis(tmp_path_factory: pytest.TempPathFactory) -> Iterator[OwnRedis]:
    server = OwnRedis(tmp_path_factory.mktemp("redis"))
    server.start()
    yield server
    server.client.close()
    server.kill()


@pytest.fixture(scope="session")
def session_deployment(faults_redis: OwnRedis) -> Iterator[Deployment]:
    raise_file_limit()
    folder = Path(os.environ[services.FOLDER]) / f"faults-{services.worker_number()}"
    deployment = Deployment(folder, database_server=os.environ["DATABASE_URL"], redis_url=faults_redis.url)
    try:
        deployment.create()
        yield deployment
    finally:
        deployment.destroy()


@pytest.fixture
def deployment(session_deployment: Deployment) -> Deployment:
    """Two web servers, a relay and a standby, all of them up."""
    session_deployment.ensure_running()
    return session_deployment
