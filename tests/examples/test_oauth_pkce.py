"""examples/oauth_pkce.py, with somebody at the browser."""

from pathlib import Path

import httpx
import pytest

from tests.examples.test_examples import SECONDS, Program, running
from tests.live.consent import Consenter, register_app
from tests.live.people import Person
from tests.stack import Stack

NAME = "oauth_pkce.py"


@pytest.fixture
def client_id(stack: Stack, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.setenv("BROWSER", "true")  # the program of that name, which shows nothing
    return register_app(stack, "http://127.0.0.1/back")


def question(program: Program) -> str:
    line = program.line()
    assert line.startswith("opening http"), line
    return line.removeprefix("opening ")


def test_it_acts_for_who_allows_it_and_gives_it_back(
    stack: Stack, customer: Person, client_id: str, tmp_path: Path
) -> None:
    with running(NAME, client_id, stack=stack, person=customer, folder=tmp_path) as program:
        back = Consenter(customer).answer(question(program))
        assert "close this window" in httpx.get(back).text
        lines = [program.line() for _ in range(4)]
    assert lines == [
        "allowed: read write",
        f"acting for {customer.username}",
        f"still acting for {customer.username}",
        "given back",
    ]


@pytest.mark.parametrize("answer", ["denied", "of another site"])
def test_it_ends_when_it_is_not_allowed(
    stack: Stack, customer: Person, client_id: str, tmp_path: Path, answer: str
) -> None:
    with running(NAME, client_id, stack=stack, person=customer, folder=tmp_path) as program:
        back = Consenter(customer).answer(question(program), allow=False)
        httpx.get(back if answer == "denied" else back.partition("?")[0] + "?code=stolen&state=guessed")
        assert program.process.wait(SECONDS) == 1
