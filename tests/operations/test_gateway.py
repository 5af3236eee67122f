"""What passes through the gateway: REST, sockets, event streams, uploads; and what it answers by itself."""

import json
import re
import socket
import subprocess
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import httpx
import pytest
import redis
from websockets.sync.client import connect

from tests.live.event_stream import LiveStream
from tests.live.people import Person
from tests.live.servers import Server, second_server
from tests.live.test_oauth import App
from tests.live.test_readers import publish
from tests.operations.gateway import Gateway, running_gateway
from tests.services import ROOT
from tests.stack import Stack, wait_until


@pytest.fixture
def gateway(nginx: str, stack: Stack, tmp_path: Path) -> Iterator[Gateway]:
    with running_gateway(nginx, tmp_path, stack.url) as running:
        yield running


@pytest.fixture
def believing(stack: Stack) -> Iterator[Server]:
    """A web server that believes the gateway, as in Compose, and limits anonymous people, none of whom came before."""
    with redis.Redis.from_url(stack.env["REDIS_URL"]) as client:
        for key in client.scan_iter("limit:*"):
            client.delete(key)
    server = Server(stack, TRUSTED_PROXIES="127.0.0.1", THROTTLE_ANON="10/min")
    server.start()
    yield server
    server.stop()


def test_rest_passes_through_the_gateway(gateway: Gateway) -> None:
    answer = httpx.get(f"{gateway.url}/api/recipes/")
    assert answer.status_code == 200
    assert answer.headers["content-type"].startswith("application/json")


def test_a_socket_passes_through_the_gateway(gateway: Gateway) -> None:
    with connect(f"ws://{gateway.address}/ws/", origin=gateway.url) as socket:
        socket.send('{"id":1,"connect":{}}')
        assert '"connect"' in str(socket.recv(timeout=30))


def test_an_event_passes_through_the_gateway_as_it_comes(gateway: Gateway, stack: Stack) -> None:
    with LiveStream(gateway.url, "recipes") as reader:
        publish(stack, "recipes", 1, size=5)
        heard = next(reader.events())
    assert heard.data["channel"] == "recipes"


def test_web_sees_the_clients_address_and_nothing_that_the_client_says_of_it(
    nginx: str, believing: Server, tmp_path: Path
) -> None:
    with running_gateway(nginx, tmp_path, believing.url) as gateway:
        for number in range(12):
            answer = httpx.get(
                f"{gateway.url}/api/recipes/?limit={number + 1}", headers={"X-Forwarded-For": f"203.0.113.{number}"}
            )
            assert answer.status_code == (200 if number < 10 else 429)


def test_the_gateways_request_id_is_webs_and_the_clients(nginx: str, believing: Server, tmp_path: Path) -> None:
    with running_gateway(nginx, tmp_path, believing.url) as gateway:
        answer = httpx.get(f"{gateway.url}/api/tags/", headers={"X-Request-ID": "forged"})
        [known] = answer.headers.get_list("x-request-id")
        wait_until(lambda: f"request={known}" in gateway.access_log, what="the gateway's line")
        wait_until(lambda: f"request={known}" in believing.log, what="web's line")
    assert "forged" not in believing.log


def test_the_log_has_paths_and_no_queries(gateway: Gateway) -> None:
    httpx.get(f"{gateway.url}/api/recipes/?q=what-people-look-for")
    wait_until(lambda: '"GET /api/recipes/" 200' in gateway.access_log, what="the line")
    assert "look-for" not in gateway.access_log


def test_a_body_of_an_upload_streams_and_is_bounded(gateway: Gateway, stack: Stack) -> None:
    person = Person(stack)
    headers = {"Authorization": f"Bearer {person.access}", "Tus-Resumable": "1.0.0"}
    length = 30 * 1024 * 1024
    with httpx.Client(base_url=gateway.url, headers=headers, timeout=60) as client:
        made = client.post("/api/tus/", headers={"Upload-Length": str(length), "Upload-Metadata": ""})
        assert made.status_code == 201, made.text
        # Longer than any body but an upload's may be.
        sent = client.patch(
            made.headers["location"],
            content=iter([b"x" * 1024 * 1024] * 30),
            headers={"Upload-Offset": "0", "Content-Type": "application/offset+octet-stream"},
        )
        assert sent.status_code == 204, sent.text
        assert sent.headers["upload-offset"] == str(30 * 1024 * 1024)
        client.delete(made.headers["location"])


def test_a_body_that_is_too_large_is_a_problem(gateway: Gateway) -> None:
    answer = httpx.post(
        f"{gateway.url}/api/auth/token/", content=b"{" + b" " * 22 * 1024 * 1024 + b"}", timeout=60,
        headers={"Content-Type": "application/json"},
    )  # fmt: skip
    assert answer.status_code == 413
    assert answer.headers["content-type"] == "application/problem+json" and answer.json()["code"] == "too_large"


def test_without_web_the_gateway_says_when_to_try_again(nginx: str, stack: Stack, tmp_path: Path) -> None:
    with second_server(stack) as server, running_gateway(nginx, tmp_path, server.url) as gateway:
        server.kill()
        for answer in (httpx.get(f"{gateway.url}/api/recipes/"), httpx.post(f"{gateway.url}/api/auth/token/", json={})):
            assert answer.status_code == 503 and answer.headers["retry-after"] == "2"
            assert answer.headers["content-type"] == "application/problem+json"
            assert answer.json()["code"] == "unavailable"
        server.start()


def test_a_server_that_is_gone_is_passed_over(nginx: str, stack: Stack, tmp_path: Path) -> None:
    with second_server(stack) as server, running_gateway(nginx, tmp_path, server.url, stack.url) as gateway:
        server.kill()
        for number in range(20):
            assert httpx.get(f"{gateway.url}/api/me/").status_code == 401
            refused = httpx.post(
                f"{gateway.url}/api/auth/token/", json={"username": f"nobody-{number}", "password": "y"}
            )
            assert refused.status_code == 401
        server.start()


def test_both_servers_are_used(nginx: str, stack: Stack, tmp_path: Path) -> None:
    with second_server(stack) as server, running_gateway(nginx, tmp_path, server.url, stack.url) as gateway:

        def asked() -> bool:
            httpx.get(f"{gateway.url}/api/me/liked/")
            return all("path=/api/me/liked/" in log for log in (server.log, stack.log("web", lines=1000)))

        wait_until(asked, what="a request at each")


def test_the_numbers_are_not_everybodys(gateway: Gateway) -> None:
    assert httpx.get(f"{gateway.url}/metrics").status_code == 404
    assert httpx.get(f"{gateway.url}/accel/private/x").status_code == 404


def test_a_client_that_sends_no_header_is_closed_and_nobody_waits_for_it(gateway: Gateway) -> None:
    host, port = gateway.address.split(":")
    with socket.create_connection((host, int(port))) as slow:
        slow.settimeout(60)
        slow.sendall(b"GET /api/recipes/ HTTP/1.1\r\nHost: localhost\r\n")
        assert httpx.get(f"{gateway.url}/healthz").status_code == 200
        with suppress(ConnectionResetError):
            assert slow.recv(1024) == b""


def test_an_app_is_allowed_through_the_gateway_with_pkce(gateway: Gateway, stack: Stack) -> None:
    """All of it there: the addresses that it finds, the pages, the tokens, and a socket."""
    url = gateway.url
    app = App(stack, url=url)
    customer = Person(stack)
    try:
        token = app.allowed_by(customer)
        assert app.get("/api/me/").json()["username"] == customer.username
        with connect(f"ws://{gateway.address}/ws/", origin=url) as socket:
            socket.send(json.dumps({"id": 1, "connect": {"token": token["access_token"]}}))
            assert f'"inbox:{customer.id}"' in str(socket.recv(timeout=30))
        assert app.revoke(token["access_token"]) == 200
        assert app.get("/api/me/").status_code == 401
    finally:
        while Person.clients:
            Person.clients.pop().close()


def test_the_configuration_that_is_shipped_is_one(nginx: str) -> None:
    """As it is: `web` and Compose's resolver need not be there, for a name with `resolve` is asked for at run time."""
    said = subprocess.run([nginx, "-v"], capture_output=True, text=True, check=True).stderr
    version = tuple(map(int, re.findall(r"\d+", said)[:3]))
    if version < (1, 27, 3):
        pytest.skip(f"nginx is {'.'.join(map(str, version))}, and `resolve` of an upstream's server needs 1.27.3")
    command = [nginx, "-t", "-e", "stderr", "-c", str(ROOT / "gateway/nginx.conf")]
    tested = subprocess.run(command, capture_output=True, text=True, check=False)
    assert tested.returncode == 0, tested.stderr
    assert "[emerg]" not in tested.stderr
