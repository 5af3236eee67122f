"""gateway/nginx.conf, run by a real nginx in front of the real stack."""

import json
import subprocess
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from websockets.sync.client import connect

from core.processes import bound, free_port, stop
from tests.live.event_stream import LiveStream
from tests.live.people import Person
from tests.live.test_oauth import App
from tests.live.test_readers import publish
from tests.services import ROOT
from tests.stack import Stack, wait_until


@pytest.fixture
def gateway(nginx: str, stack: Stack, tmp_path: Path) -> Iterator[str]:
    """The gateway's address; only the two addresses and the temporary folder differ from what Compose runs."""
    port = free_port()
    config = (ROOT / "gateway/nginx.conf").read_text()
    for ours, theirs in {
        "server web:8000;": f"server {stack.url.removeprefix('http://')};",
        "listen 5000;": f"listen 127.0.0.1:{port};",
        "/tmp/": f"{tmp_path}/",
        "/dev/stdout": f"{tmp_path}/access.log",
    }.items():
        assert ours in config
        config = config.replace(ours, theirs)
    path = tmp_path / "nginx.conf"
    path.write_text(config)
    process = subprocess.Popen(
        bound([nginx, "-e", "stderr", "-c", str(path), "-g", "daemon off;"]), start_new_session=True
    )

    def answers() -> bool:
        assert process.poll() is None
        try:
            return httpx.get(f"http://127.0.0.1:{port}/healthz").status_code == 200
        except httpx.TransportError:
            return False

    try:
        wait_until(answers, what="nginx")
        yield f"127.0.0.1:{port}"
    finally:
        stop(process)


def test_rest_passes_through_the_gateway(gateway: str) -> None:
    answer = httpx.get(f"http://{gateway}/api/recipes/")
    assert answer.status_code == 200
    assert answer.headers["content-type"].startswith("application/json")


def test_a_socket_passes_through_the_gateway(gateway: str) -> None:
    with connect(f"ws://{gateway}/ws/", origin=f"http://{gateway}") as socket:
        socket.send('{"id":1,"connect":{}}')
        assert '"connect"' in str(socket.recv(timeout=30))


def test_an_event_passes_through_the_gateway_as_it_comes(gateway: str, stack: Stack) -> None:
    with LiveStream(f"http://{gateway}", "recipes") as reader:
        publish(stack, "recipes", 1, size=5)
        heard = next(reader.events())
    assert heard.data["channel"] == "recipes"


def test_an_app_is_allowed_through_the_gateway_with_pkce(gateway: str, stack: Stack) -> None:
    """All of it there: the addresses that it finds, the pages, the tokens, and a socket."""
    url = f"http://{gateway}"
    app = App(stack, url=url)
    customer = Person(stack)
    try:
        token = app.allowed_by(customer)
        assert app.get("/api/me/").json()["username"] == customer.username
        with connect(f"ws://{gateway}/ws/", origin=url) as socket:
            socket.send(json.dumps({"id": 1, "connect": {"token": token["access_token"]}}))
            assert f'"inbox:{customer.id}"' in str(socket.recv(timeout=30))
        assert app.revoke(token["access_token"]) == 200
        assert app.get("/api/me/").status_code == 401
    finally:
        while Person.clients:
            Person.clients.pop().close()
