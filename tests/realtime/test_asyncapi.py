"""`/api/asyncapi/`: a valid document of all channels and events, and no event is sent that it does not describe."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, ClassVar

import jsonschema_rs
import pytest
from django.db import transaction
from django.test import Client

from accounts.events import FollowCreated
from realtime.asyncapi import document
from realtime.channels import NAMESPACES
from realtime.event_schemas import data_schema, example, schema_of
from realtime.events import EVENTS, Event
from realtime.hiding import hidden_form
from realtime.outbox import record
from tests import event_schemas
from tests.services import ROOT

SPECIFICATION = ROOT / "tests/node/node_modules/@asyncapi/specs/schemas/3.0.0-without-$id.json"


@pytest.fixture(scope="module")
def served() -> Any:
    return json.loads(json.dumps(document()))


@pytest.mark.skipif(not SPECIFICATION.exists(), reason="needs npm: npm ci --prefix tests/node")
def test_it_is_valid_asyncapi_3(served: Any) -> None:
    errors = [
        f"{error.instance_path}: {error.message}"
        for error in jsonschema_rs.Draft7Validator(json.loads(SPECIFICATION.read_text())).iter_errors(served)
    ]
    assert not errors


def test_every_channel_and_every_event_of_clients_is_in_it(served: Any) -> None:
    assert set(served["channels"]) == {name for name, namespace in NAMESPACES.items() if not namespace.internal}
    assert set(served["components"]["messages"]) == set(EVENTS)
    assert served["channels"]["recipe"]["address"] == "recipe:{id}"
    assert served["channels"]["recipes"]["address"] == "recipes"
    assert set(served["channels"]["feed"]["messages"]) == {"post.published"}
    assert "rating.created" in served["channels"]["recipe"]["messages"]


def test_every_reference_leads_somewhere(served: Any) -> None:
    def references(node: Any) -> Iterator[str]:
        if isinstance(node, dict):
            if isinstance(node.get("$ref"), str):
                yield node["$ref"]
            for value in node.values():
                yield from references(value)
        elif isinstance(node, list):
            for value in node:
                yield from references(value)

    for reference in set(references(served)):
        node = served
        for part in reference.removeprefix("#/").split("/"):
            node = node[part]


@pytest.mark.parametrize("event_type", sorted(EVENTS))
def test_each_example_is_what_its_schema_says_hidden_or_not(event_type: str) -> None:
    schema = jsonschema_rs.validator_for(data_schema(EVENTS[event_type]))
    shown = example(EVENTS[event_type])
    schema.validate(shown)
    schema.validate(json.loads(hidden_form(json.dumps(shown).encode())))
    assert shown["type"] == event_type
    with pytest.raises(jsonschema_rs.ValidationError):
        schema.validate({**shown, "at": 5})
    with pytest.raises(jsonschema_rs.ValidationError):
        schema.validate({**shown, "nobody_knows": 5})


def test_a_type_that_json_does_not_have_is_refused() -> None:
    with pytest.raises(TypeError, match="complex"):
        schema_of(complex)


def test_an_event_that_is_not_as_described_fails_the_suite(transactional_db: None) -> None:
    actor: Any = {"id": 1, "username": "ana", "display_name": "", "picture": None}
    with transaction.atomic():
        record(FollowCreated(actor=actor, user_id=1, follower_count="three"))  # type: ignore[arg-type]
    (complaint,) = event_schemas.complaints
    event_schemas.complaints.clear()
    assert complaint.startswith("follow.created:") and "three" in complaint


def test_an_event_of_the_tests_alone_is_nobodys_business(monkeypatch: pytest.MonkeyPatch) -> None:
    @dataclass(frozen=True, kw_only=True)
    class Sample(Event):
        type: ClassVar[str] = "sample.event"

    event_schemas.check({"type": "sample.event"})
    assert not event_schemas.complaints


def test_it_is_served_with_an_etag(client: Client) -> None:
    answer = client.get("/api/asyncapi/")
    assert answer["Content-Type"] == "application/json" and answer.json()["asyncapi"] == "3.0.0"
    assert client.get("/api/asyncapi/", headers={"If-None-Match": answer["ETag"]}).status_code == 304
    assert client.post("/api/asyncapi/").status_code == 405
