"""A bucket that takes requests and never answers them."""

import asyncio
import hashlib
import socket
from collections.abc import Iterator
from uuid import uuid4

import pytest
from pytest_django import Settings

from core import threads
from core.errors import Unavailable
from media_pipeline.stores import store
from tests.s3 import Bucket, media_on_s3


@pytest.fixture
def silence(moto: Bucket, settings: Settings) -> Iterator[socket.socket]:
    """Where media are to be put: the system takes connections, and nobody reads from them."""
    media_on_s3(settings)
    with socket.create_server(("127.0.0.1", 0)) as server:
        settings.AWS_S3_ENDPOINT_URL = f"http://127.0.0.1:{server.getsockname()[1]}"
        settings.STORAGES = {**settings.STORAGES}
        yield server


def write() -> None:
    with store.region(uuid4(), 0, 5) as region:
        region.write(0, [b"bytes"])
        region.sync(hashlib.sha256(b"bytes").digest())


async def test_half_of_the_threads_answer_all_the_same(silence: socket.socket, settings: Settings) -> None:
    writing = [asyncio.ensure_future(threads.run(write)) for _ in range(settings.WEB_THREADS)]
    refused: list[asyncio.Future[None]] = []
    while len(refused) < settings.WEB_THREADS // 2:
        done, _ = await asyncio.wait(
            [one for one in writing if one not in refused], return_when=asyncio.FIRST_COMPLETED, timeout=60
        )
        assert done, "nobody was refused"
        refused += done
    assert await threads.run(lambda: "answered") == "answered"
    assert [one.done() for one in writing].count(False) == settings.WEB_THREADS - settings.WEB_THREADS // 2
    for one in refused:
        with pytest.raises(Unavailable):
            await one
    silence.close()  # resets them
    for one in writing:
        if one not in refused:
            with pytest.raises(Unavailable):
                await one
