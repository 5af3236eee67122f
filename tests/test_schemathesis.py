"""Inputs made from the description, sent to the real server: no failure of ours, and no answer it does not promise."""

import httpx
import orjson
import pytest
import schemathesis
from hypothesis import HealthCheck, settings
from schemathesis import Case
from schemathesis.specs.openapi.checks import positive_data_acceptance

from core import docs
from tests.stack import Stack

SHORT = settings(
    max_examples=4, derandomize=True, deadline=None, database=None, suppress_health_check=list(HealthCheck)
)
LONG = settings(max_examples=300, deadline=None, suppress_health_check=list(HealthCheck))
_numbers = iter(range(1, 10_000))
# tus has a media type of its own for raw bytes.
schemathesis.serializer.alias("application/offset+octet-stream", "application/octet-stream")


# Not every input of the right form is accepted: a cursor is one that was given, a password is not a common one, a
# picture can be decoded. No schema can say so, so that one check is left out.
ALL_BUT_ACCEPTANCE = [positive_data_acceptance]
# A stream does not end: tests/realtime/test_sse_opening.py has what it is asked and answers.
api = schemathesis.openapi.from_dict(orjson.loads(docs.description("json"))).exclude(path="/api/events/")


@pytest.fixture
def seller(stack: Stack) -> dict[str, str]:
    """The headers of a seller made for this operation alone: it may delete them."""
    number = next(_numbers)
    answer = httpx.post(
        f"{stack.url}/api/auth/register/",
        json={"email": f"fuzz{number}@example.org", "password": "saffron-and-cardamom", "role": "seller"},
        timeout=20,
    )
    assert answer.status_code == 201, answer.text
    return {"Authorization": f"Bearer {answer.json()['access']}"}


# What writes answers 401 to anybody anonymous, which tests/test_permissions.py shows.
@api.include(method="GET").parametrize()
@SHORT
def test_anonymous_requests_are_answered_as_described(case: Case, stack: Stack) -> None:
    case.call_and_validate(base_url=stack.url, excluded_checks=ALL_BUT_ACCEPTANCE)


@api.parametrize()
@SHORT
def test_a_sellers_requests_are_answered_as_described(case: Case, stack: Stack, seller: dict[str, str]) -> None:
    case.call_and_validate(base_url=stack.url, headers=seller, excluded_checks=ALL_BUT_ACCEPTANCE)


@pytest.mark.faults
@api.parametrize()
@LONG
def test_many_requests_are_answered_as_described(case: Case, stack: Stack, seller: dict[str, str]) -> None:
    case.call_and_validate(base_url=stack.url, headers=seller, excluded_checks=ALL_BUT_ACCEPTANCE)
