"""No body that a route takes costs the web process more than three times its size and 32 MB, whatever is in it."""

import re
import secrets
import sys
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import cycle
from pathlib import Path

import httpx
import pytest

from core.body_limits import limit_at
from tests.core.hostile_bodies import FORM, HOSTILE, PICTURES, Hostile, pictures
from tests.core.hostile_routes import things_of, writing_routes
from tests.live.people import Person
from tests.stack import Stack

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
MB = 1024 * 1024
ROOM = 32 * MB
# A form that took 1.6 GB, at addresses that anybody may ask.
ESCAPES = b"password=" + b"%zz" * 6_600_000
SIGNING_IN = ["/api/auth/token/", "/auth/login/", "/o/token/", "/o/sign-in/", "/admin/login/"]


class Web:
    """The web process of the stack, and a person who writes to it."""

    def __init__(self, stack: Stack, person: Person) -> None:
        self.pid, self.person = stack.processes["web"].pid, person

    def memory(self, name: str) -> int:
        found = re.search(rf"^{name}:\s+(\d+)", Path(f"/proc/{self.pid}/status").read_text(), re.MULTILINE)
        assert found is not None
        return int(found[1]) * 1024

    def forget_peak(self) -> int:
        """Returns what is resident now."""
        Path(f"/proc/{self.pid}/clear_refs").write_text("5")
        return self.memory("VmRSS")

    def send(self, method: str, path: str, content_type: str, body: bytes | Iterator[bytes]) -> httpx.Response:
        # With a cookie of CSRF, pages read the form to compare it with.
        headers = {"Content-Type": content_type, "Cookie": f"csrftoken={secrets.token_hex(16)}"}
        if path.startswith("/api/tus/"):
            headers |= {"Tus-Resumable": "1.0.0", "Upload-Offset": "0", "Upload-Length": "10"}
        return self.person.rest.request(method, path, content=body, headers=headers, timeout=120)

    def complaint(self, method: str, path: str, name: str, hostile: Hostile, longest: int) -> str | None:
        """What is wrong after a body as long as the route takes it, and as LONGEST."""
        content_type, make = hostile
        body = make(min(longest, limit_at(path.partition("?")[0], content_type)))
        before = self.forget_peak()
        answer = self.send(method, path, content_type, body)
        grown = self.memory("VmHWM") - before
        if grown <= 3 * len(body) + ROOM and answer.status_code < 500:
            return None
        return f"{method} {path}, {name}, {len(body)} bytes: {answer.status_code}, {grown / MB:.0f} MB"


@pytest.fixture
def web(stack: Stack) -> Iterator[Web]:
    yield Web(stack, Person(stack, role="seller"))
    while Person.clients:
        Person.clients.pop().close()


def by_type() -> dict[str, Iterator[tuple[str, Hostile]]]:
    """For each content type, its hostile bodies in turn without an end."""
    types = {content_type for content_type, _ in HOSTILE.values()}
    return {kind: cycle([(name, one) for name, one in HOSTILE.items() if one[0] == kind]) for kind in types}


def test_every_route_bounds_what_a_body_costs(web: Web) -> None:
    """Of each content type every route gets one of the bodies, as long as most routes take."""
    turns = by_type()
    found = [
        web.complaint(method, path, *next(turn), longest=MB)
        for method, path in writing_routes(things_of(web.person))
        for turn in turns.values()
    ]
    assert len(found) > 1000 and not (wrong := [one for one in found if one is not None]), "\n".join(wrong)


@pytest.mark.parametrize("path", ["/api/auth/register/", "/post/add/media/image/"])
def test_a_route_that_takes_pictures_bounds_what_any_body_costs(web: Web, path: str) -> None:
    name = "imageBase64" if path.startswith("/post/") else "profile_picture"
    found = [web.complaint("POST", path, *one, longest=28 * MB) for one in (HOSTILE | pictures(name)).items()]
    assert not (wrong := [one for one in found if one is not None]), "\n".join(wrong)


@pytest.mark.faults
def test_every_route_bounds_what_any_body_costs(web: Web) -> None:
    bodies = HOSTILE | {key: one for name in PICTURES for key, one in pictures(name).items()}
    routes = list(writing_routes(things_of(web.person)))
    found = [web.complaint(*route, *one, longest=64 * MB) for route in routes for one in bodies.items()]
    assert not (wrong := [one for one in found if one is not None]), "\n".join(wrong)


@pytest.mark.faults
def test_the_loop_answers_while_bodies_are_read(web: Web) -> None:
    """A form of 20 MB, three at once, silenced it for 11 seconds."""
    silences: list[float] = []
    is_done = threading.Event()

    def ask() -> None:
        with httpx.Client(base_url=web.person.stack.url, timeout=60) as client:
            while not is_done.is_set():
                began = time.monotonic()
                assert client.get("/healthz").status_code == 200
                silences.append(time.monotonic() - began)

    bodies = [(kind, make(28 * MB)) for kind, make in (HOSTILE | pictures("profile_picture")).values()]
    with ThreadPoolExecutor(4) as pool:
        asking = pool.submit(ask)
        for _ in pool.map(lambda body: web.send("POST", "/api/auth/register/", *body), bodies):
            pass
        is_done.set()
        asking.result()
    assert max(silences) < 3, f"{max(silences):.1f} s"


@pytest.mark.parametrize("path", SIGNING_IN)
@pytest.mark.parametrize("is_chunked", [False, True], ids=["with its length", "chunked"])
def test_a_form_that_is_too_long_is_refused_before_it_is_taken_in(web: Web, path: str, is_chunked: bool) -> None:
    def send(_: int) -> httpx.Response:
        pieces = (ESCAPES[start : start + MB] for start in range(0, len(ESCAPES), MB))
        return web.send("POST", path, FORM, pieces if is_chunked else ESCAPES)

    before = web.forget_peak()
    with ThreadPoolExecutor(3) as pool:
        answers = list(pool.map(send, range(3)))
    assert web.memory("VmHWM") - before < ROOM
    for answer in answers:
        assert (answer.status_code, answer.json()["code"]) == (413, "too_large")
        assert FORM in answer.json()["detail"] and "65536 bytes (64 kB)" in answer.json()["detail"]
        assert answer.headers["X-Request-ID"]
