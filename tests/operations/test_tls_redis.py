"""`rediss://`: every part that talks to Redis verifies who answers."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from cryptography import x509

from tests.operations.test_settings import KEY
from tests.operations.tls_redis import LOOPBACK, Authority, ending_tls
from tests.realtime.own_redis import OwnRedis, own_redis
from tests.services import ROOT

__all__ = ["own_redis"]

# Each user of Redis asks for an answer; prints {user: "answered" or the error}.
PROGRAM = """
import asyncio, json
import django
django.setup()
from channels.layers import get_channel_layer
from django.conf import settings
from core import health, limits
from core.celery import app
from realtime.presence import Presence

def broker():
    with app.connection_for_write() as connection:
        connection.default_channel.client.ping()

async def bus():
    layer = get_channel_layer()
    channel = await layer.new_channel()
    await layer.group_add("group", channel)
    await layer.group_send("group", {"type": "hello"})
    await layer.receive(channel)

async def presence():
    await Presence(None)._redis().ping()

def ready():
    health._redis_client(settings.REDIS_URL).ping()

def throttles():
    limits._client().ping()

found = {}
for user in (broker, lambda: asyncio.run(bus()), lambda: asyncio.run(presence()), ready, throttles):
    name = ("broker", "bus", "presence", "ready", "throttles")[len(found)]
    while name not in found:
        try:
            user()
            found[name] = "answered"
        except Exception as error:
            # The throttles wait for 50 ms only, which a busy machine takes for a handshake.
            if "timed out" not in str(error).lower() and "timeout" not in str(error).lower():
                found[name] = f"{type(error).__name__}: {error}"
print(json.dumps(found))
"""


@pytest.fixture
def redis_port(own_redis: OwnRedis) -> Iterator[int]:
    own_redis.start()
    port = urlsplit(own_redis.url).port
    assert port is not None
    yield port


def answers(folder: Path, url: str) -> dict[str, str]:
    """What each user of Redis says when REDIS_URL is `url`."""
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM],
        cwd=ROOT,
        env={
            **{name: value for name, value in os.environ.items() if name.startswith(("COVERAGE_", "PATH"))},
            "DJANGO_SETTINGS_MODULE": "core.settings",
            "ENV_FILE": os.devnull,
            "DEV_DIR": str(folder / "dev"),
            "SECRET_KEY": KEY,
            "REDIS_URL": url,
        },
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    found: dict[str, str] = json.loads(done.stdout)
    return found


@pytest.mark.parametrize("how", ["?ssl_ca_certs={ca}", "?ssl_cert_reqs=CERT_REQUIRED&ssl_ca_certs={ca}"])
def test_a_server_of_the_named_authority_is_believed_by_all(tmp_path: Path, redis_port: int, how: str) -> None:
    authority = Authority(tmp_path)
    with ending_tls(authority.server(LOOPBACK), redis_port) as port:
        found = answers(tmp_path, f"rediss://127.0.0.1:{port}/0{how.format(ca=authority.path)}")
    assert set(found.values()) == {"answered"}, found


def test_a_server_of_an_unknown_authority_is_believed_by_none(tmp_path: Path, redis_port: int) -> None:
    with ending_tls(Authority(tmp_path).server(LOOPBACK), redis_port) as port:
        found = answers(tmp_path, f"rediss://127.0.0.1:{port}/0")
    refused = {user for user, answer in found.items() if "certificate verify failed" in answer.lower()}
    assert refused == set(found), found


def test_a_server_of_another_name_is_believed_by_none(tmp_path: Path, redis_port: int) -> None:
    authority = Authority(tmp_path)
    with ending_tls(authority.server(x509.DNSName("other.example")), redis_port) as port:
        found = answers(tmp_path, f"rediss://127.0.0.1:{port}/0?ssl_ca_certs={authority.path}")
    refused = {user for user, answer in found.items() if "certificate verify failed" in answer.lower()}
    assert refused == set(found), found


def test_verifying_is_given_up_only_by_saying_so(tmp_path: Path, redis_port: int) -> None:
    with ending_tls(Authority(tmp_path).server(LOOPBACK), redis_port) as port:
        found = answers(tmp_path, f"rediss://127.0.0.1:{port}/0?ssl_cert_reqs=none")
    assert set(found.values()) == {"answered"}, found
