"""The numbers of a running Simmer, read from each of its processes as a monitor does."""

import httpx
import pytest

from core.processes import free_port
from tests.live.people import LiveSocket, Person
from tests.numbers import numbers_in
from tests.stack import Stack, wait_until


def read(url: str) -> dict[str, float]:
    answer = httpx.get(f"{url}/metrics", timeout=20)
    assert answer.status_code == 200, answer.text
    return numbers_in(answer.text)


def side(stack: Stack, name: str) -> str:
    return f"http://127.0.0.1:{stack.metrics_ports[name]}"


def test_a_rating_that_two_people_watch_is_two_deliveries(stack: Stack) -> None:
    seller, customer = Person(stack, role="seller"), Person(stack)
    recipe = seller.publish()
    with LiveSocket(stack) as one, LiveSocket(stack) as other:
        for socket in (one, other):
            socket.subscribe(f"recipe:{recipe}")
        before = read(stack.url)
        customer.rate(recipe, 5)
        for socket in (one, other):
            socket.publication(f"recipe:{recipe}")
        after = read(stack.url)
    assert after["simmer_deliveries_total"] == before["simmer_deliveries_total"] + 2
    assert before['simmer_sockets{kind="socket"}'] >= 2
    assert before['simmer_topics{bus="joined"}'] >= 1
    rated = 'simmer_requests_total{method="POST",route="recipe-rate",status="201"}'
    assert after[rated] == before.get(rated, 0) + 1
    assert after["simmer_events_numbered_total"] > before["simmer_events_numbered_total"]


def test_the_relay_tells_what_it_moves(stack: Stack) -> None:
    url = side(stack, "relay")
    wait_until(lambda: answers(f"{url}/healthz"), what="the relay to be ready")
    assert httpx.get(f"{url}/healthz").json() == {"status": "ok"}
    before = read(url)
    assert before["simmer_relay_working"] == 1 and before["simmer_relay_broker_away"] == 0
    recipe = Person(stack, role="seller").publish()
    Person(stack).rate(recipe, 5)  # of which the seller is notified, by a job

    def moved() -> bool:
        after = read(url)
        return all(
            after[name] > before[name]
            for name in ("simmer_relay_numbered_total", "simmer_relay_published_total", "simmer_relay_enqueued_total")
        )

    wait_until(moved, what="the relay's numbers to grow")


def test_a_worker_answers_monitors(stack: Stack) -> None:
    url = side(stack, "worker")
    wait_until(lambda: answers(f"{url}/healthz"), what="the worker to be ready")
    assert read(url)["process_resident_memory_bytes"] > 0
    assert httpx.get(f"{url}/admin/").status_code == 404
    assert httpx.head(f"{url}/metrics").content == b""


def answers(url: str) -> bool:
    try:
        return httpx.get(url).status_code == 200
    except httpx.TransportError:
        return False


def test_a_process_whose_port_is_taken_works_all_the_same(stack: Stack, monkeypatch: pytest.MonkeyPatch) -> None:
    stack.kill("relay")
    web_port = int(stack.url.rpartition(":")[2])
    monkeypatch.setattr("tests.stack.free_port", lambda: web_port)
    stack.start("relay")
    try:
        wait_until(
            lambda: f"metrics_port_unavailable port={web_port}" in stack.log("relay"), what="the relay to say so"
        )
        Person(stack, role="seller").publish()
        stack.wait_ready()
    finally:
        monkeypatch.undo()
        stack.kill("relay")
        stack.start("relay")
    assert free_port() != web_port
