"""The API's description: complete, valid, and what the routes are."""

from collections.abc import Iterator
from typing import Any

import pytest
import yaml
from django.core.management import call_command
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver
from drf_spectacular.drainage import GENERATOR_STATS
from rest_framework.views import APIView

from core import docs

METHODS = {"get", "post", "put", "patch", "delete"}


@pytest.fixture(scope="module")
def document() -> Any:
    docs.description.cache_clear()
    return yaml.safe_load(docs.description("json"))


def operations(document: Any) -> Iterator[tuple[str, dict[str, Any]]]:
    for path, item in document["paths"].items():
        for method, operation in item.items():
            if method in METHODS:
                yield f"{method.upper()} {path}", operation


def test_it_is_made_without_a_warning_and_is_valid_openapi(tmp_path: Any) -> None:
    GENERATOR_STATS.reset()
    call_command("spectacular", "--fail-on-warn", "--validate", "--file", str(tmp_path / "schema.yml"))
    assert (tmp_path / "schema.yml").stat().st_size > 1000


def test_it_is_openapi_3_1(document: Any) -> None:
    assert document["openapi"].startswith("3.1")


def api_views(patterns: Any, prefix: str = "/") -> Iterator[tuple[str, type[APIView]]]:
    for pattern in patterns:
        if isinstance(pattern, URLResolver):
            yield from api_views(pattern.url_patterns, prefix + str(pattern.pattern))
        elif isinstance(pattern, URLPattern) and issubclass(getattr(pattern.callback, "cls", object), APIView):
            yield prefix + str(pattern.pattern), pattern.callback.cls


def test_every_method_of_every_route_is_described(document: Any) -> None:
    described = len(list(operations(document)))
    routed = sum(1 for _, view in api_views(get_resolver().url_patterns) for method in METHODS if hasattr(view, method))
    assert described == routed > 20


def test_every_operation_has_a_summary_a_tag_and_an_id_of_its_own(document: Any) -> None:
    ids = []
    for name, operation in operations(document):
        assert operation.get("summary"), name
        assert operation.get("tags"), name
        ids.append(operation["operationId"])
    assert len(ids) == len(set(ids))


def test_every_operation_tells_its_errors(document: Any) -> None:
    for name, operation in operations(document):
        expected = {"400", "503"}
        # The writes of an upload count against no limit.
        if operation["operationId"] not in ("upload_chunk", "tus_append"):
            expected.add("429")
        if operation.get("security"):
            expected.add("401")
        if "{" in name:
            expected.add("404")
        if "requestBody" in operation:
            expected |= {"413", "415"}
        assert expected <= set(operation["responses"]), name


def test_every_error_is_a_problem(document: Any) -> None:
    for response in document["components"]["responses"].values():
        assert response["content"] == {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}}
    assert {"type", "title", "status", "detail", "code"} == set(
        document["components"]["schemas"]["Problem"]["required"]
    )


def test_every_reference_leads_somewhere(document: Any) -> None:
    def references(node: Any) -> Iterator[str]:
        if isinstance(node, dict):
            if isinstance(node.get("$ref"), str):
                yield node["$ref"]
            for value in node.values():
                yield from references(value)
        elif isinstance(node, list):
            for value in node:
                yield from references(value)

    for reference in set(references(document)):
        node = document
        for part in reference.removeprefix("#/").split("/"):
            node = node[part]


def test_lists_are_cursor_pages_with_a_link(document: Any) -> None:
    answer = document["paths"]["/api/recipes/"]["get"]["responses"]["200"]
    assert answer["headers"]["Link"] == {"$ref": "#/components/headers/Link"}
    reference = answer["content"]["application/json"]["schema"]["$ref"].rpartition("/")[2]
    assert document["components"]["schemas"][reference]["required"] == ["results", "next", "previous"]
    names = {parameter["name"] for parameter in document["paths"]["/api/recipes/"]["get"]["parameters"]}
    assert {"cursor", "limit"} <= names


def test_headers_are_described(document: Any) -> None:
    read = document["paths"]["/api/recipes/{recipe_id}/"]["get"]["responses"]
    assert {"ETag", "RateLimit", "RateLimit-Policy", "Stream-Position"} <= set(read["200"]["headers"])
    assert "304" in read
    assert "Retry-After" in document["components"]["responses"]["TooManyRequests"]["headers"]


def test_it_says_where_the_api_is_under_which_licence_and_what_its_tags_mean(document: Any) -> None:
    assert document["info"]["license"] == {"name": "MIT", "identifier": "MIT"}
    assert document["servers"] == [{"url": "/"}]
    described = {tag["name"] for tag in document["tags"] if tag["description"]}
    assert described == {tag for _, operation in operations(document) for tag in operation["tags"]}


def test_conditional_reads_and_names_of_requests_are_described(document: Any) -> None:
    for name, operation in operations(document):
        sent = {parameter["name"] for parameter in operation.get("parameters", []) if parameter["in"] == "header"}
        assert ("If-None-Match" in sent) == ("304" in operation["responses"]), name
        assert "X-Request-ID" in sent, name
    for response in document["components"]["responses"].values():
        assert "X-Request-ID" in response["headers"]


def test_each_content_type_of_a_body_has_a_component_of_its_own(document: Any) -> None:
    """Generators of clients choose the content type by the class of the body."""
    for name, operation in operations(document):
        bodies = operation.get("requestBody", {}).get("content", {})
        components = [str(body["schema"].get("$ref")) for body in bodies.values()]
        assert len(set(components)) == len(components), name


def test_signing_in_is_a_bearer_token(document: Any) -> None:
    assert document["components"]["securitySchemes"]["bearer"]["scheme"] == "bearer"
    recipes, sessions = document["paths"]["/api/recipes/"], document["paths"]["/api/me/sessions/"]
    assert recipes["get"]["security"] == [{"bearer": []}, {"oauth2": ["read"]}, {}]
    assert recipes["post"]["security"] == [{"bearer": []}, {"oauth2": ["write"]}]
    assert sessions["get"]["security"] == [{"bearer": []}]


def test_apps_find_where_to_sign_in_and_what_to_ask_for(document: Any) -> None:
    flows = document["components"]["securitySchemes"]["oauth2"]["flows"]
    assert list(flows) == ["authorizationCode"]
    assert flows["authorizationCode"]["authorizationUrl"] == "/o/authorize/"
    assert set(flows["authorizationCode"]["scopes"]) == {"read", "write", "moderate"}


# --- served ---


def test_it_is_json_unless_yaml_is_wanted(client: Client) -> None:
    plain = client.get("/api/schema/")
    assert plain["Content-Type"] == "application/json" and plain.json()["info"]["title"] == "Simmer"
    for wanting in (
        client.get("/api/schema/?format=yaml"),
        client.get("/api/schema/", headers={"Accept": "application/yaml"}),
        client.get("/api/schema/", headers={"Accept": "application/vnd.oai.openapi"}),
    ):
        assert wanting["Content-Type"] == "application/yaml"
        assert yaml.safe_load(wanting.content) == plain.json()


def test_an_unchanged_description_is_not_sent_again(client: Client) -> None:
    tag = client.get("/api/schema/")["ETag"]
    assert client.get("/api/schema/", headers={"If-None-Match": tag}).status_code == 304
    assert client.get("/api/schema/?format=yaml", headers={"If-None-Match": tag}).status_code == 200


def test_a_format_that_there_is_not_is_refused(client: Client) -> None:
    assert client.get("/api/schema/?format=xml").status_code == 400
    assert client.post("/api/schema/").status_code == 405


@pytest.mark.parametrize("path", ["/api/docs/", "/api/redoc/"])
def test_the_pages_load_nothing_from_elsewhere(client: Client, path: str) -> None:
    page = client.get(path)
    text = page.content.decode()
    assert page.status_code == 200 and "http" not in text.replace("<!doctype html>", "")
    assert "https:" not in page["Content-Security-Policy"]
    assert "/static/drf_spectacular_sidecar/" in text and 'src="/static/' in text
