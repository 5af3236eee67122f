"""Recipes where the earlier systems had them."""

import io
from typing import Any

from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from PIL import Image

from core.schema import HEADERS
from tests.earlier.conftest import successor_of
from tests.factories import PASSWORD, RecipeFactory


def signed_in(client: Client, role: str) -> dict[str, str]:
    """Headers of a new person of that role, who came by the earlier addresses."""
    person = {"email": f"{role}@example.com", "password": PASSWORD, "role": role}
    assert client.post("/auth/signup/", person).status_code == 201
    login = client.post("/auth/login/", {"email": person["email"], "password": PASSWORD})
    return {"Authorization": f"Bearer {login.json()['access']}"}


def picture() -> Any:
    data = io.BytesIO()
    Image.new("RGB", (8, 8), "tomato").save(data, "JPEG")
    return SimpleUploadedFile("soup.jpg", data.getvalue(), "image/jpeg")


def test_a_seller_publishes_changes_and_deletes_and_a_customer_rates(client: Client) -> None:
    seller, customer = signed_in(client, "seller"), signed_in(client, "customer")
    fields = {"name": "Soup", "description": "Hot.", "image": picture()}
    created = client.post("/recipes/", fields, headers=seller)
    assert (created.status_code, successor_of(created)) == (201, "/api/recipes/")
    address = f"/recipes/{created.json()['id']}/"
    rated = client.post(f"{address}rate/", {"score": 4}, content_type="application/json", headers=customer)
    assert (rated.status_code, successor_of(rated)) == (201, f"/api{address}rate/")
    read = client.get(address)
    assert (read.json()["name"], read.json()["avg_rating"], successor_of(read)) == ("Soup", 4.0, f"/api{address}")
    changed = client.patch(address, {"name": "Stew"}, content_type="application/json", headers=seller)
    assert (changed.status_code, changed.json()["name"]) == (200, "Stew")
    deleted = client.delete(address, headers=seller)
    assert (deleted.status_code, successor_of(deleted)) == (204, f"/api{address}")
    missing = client.get(address)
    assert (missing.status_code, successor_of(missing)) == (404, f"/api{address}")


def test_pages_go_on_at_the_earlier_address_and_keep_their_links(client: Client) -> None:
    RecipeFactory.create_batch(3)
    first = client.get("/recipes/?limit=2")
    assert 'rel="next"' in first["Link"] and successor_of(first) == "/api/recipes/"
    second = client.get(first.json()["next"])
    assert len(second.json()["results"]) == 1 and successor_of(second) == "/api/recipes/"


def test_a_missing_slash_is_found(client: Client) -> None:
    response = client.get("/recipes")
    assert (response.status_code, response["Location"]) == (308, "/recipes/")


def test_a_page_of_another_origin_may_read_the_headers(client: Client, settings: Any) -> None:
    settings.CORS_ALLOWED_ORIGINS = ["https://app.example"]
    response = client.get("/recipes/", headers={"Origin": "https://app.example"})
    assert response["Access-Control-Allow-Origin"] == "https://app.example"
    exposed = set(response["Access-Control-Expose-Headers"].split(", "))
    assert exposed >= (set(HEADERS) - {"WWW-Authenticate"}) | {"Deprecation"}
