"""GET /api/notifications/ in pages, and POST /api/notifications/read/."""

from typing import Any

import pytest

from tests.posts.notifications.conftest import done, inbox, read_all, unread
from tests.recipes.conftest import Person, events


@pytest.fixture
def items(ann: Person, bob: Person) -> list[dict[str, Any]]:
    """Five notifications of ann's, newest first."""
    for _ in range(5):
        done(bob.put(f"/api/posts/{done(ann.post('/api/posts/', {'text': 'Bread.'}))['id']}/like/"))
    return inbox(ann)


def read_states(ann: Person) -> list[bool]:
    return [item["is_read"] for item in inbox(ann)]


def test_pages_go_on_and_back(ann: Person, items: list[dict[str, Any]]) -> None:
    first = ann.get("/api/notifications/?limit=2")
    assert first["Stream-Position"].startswith(f"inbox:{ann.user.pk};")
    second = ann.get(first.json()["next"])
    assert first.json()["results"] + second.json()["results"] == items[:4]
    assert ann.get(second.json()["previous"]).json()["results"] == items[:2]
    unchanged = ann.get("/api/notifications/?limit=2", headers={"If-None-Match": first["ETag"]})
    assert unchanged.status_code == 304


def test_some_are_read_by_their_ids(ann: Person, bob: Person, items: list[dict[str, Any]]) -> None:
    done(ann.put("/api/users/bob/follow/"))
    [bobs] = inbox(bob)
    ids = [items[0]["id"], items[3]["id"], bobs["id"], 10**12]
    assert ann.post("/api/notifications/read/", {"ids": ids}).json() == {"count": 3}
    assert read_states(ann) == [True, False, False, True, False]
    assert unread(bob) == 1
    event = events(f"inbox:{ann.user.pk}")[-1]
    assert (event["type"], event["ids"], event["unread_count"]) == (
        "notification.read",
        [items[3]["id"], items[0]["id"]],
        3,
    )


def test_up_to_one_are_that_one_and_all_that_are_older(ann: Person, items: list[dict[str, Any]]) -> None:
    assert ann.post("/api/notifications/read/", {"up_to": items[2]["id"]}).json() == {"count": 2}
    assert read_states(ann) == [False, False, True, True, True]
    assert ann.get("/api/notifications/unread-count/").json() == {"count": 2}


def test_reading_twice_or_nothing_is_not_heard(ann: Person, bob: Person, items: list[dict[str, Any]]) -> None:
    read_all(ann)
    heard = len(events(f"inbox:{ann.user.pk}"))
    read_all(ann)
    for body in ({"ids": [10**12]}, {"up_to": 10**12}):
        assert ann.post("/api/notifications/read/", body).json() == {"count": 0}
    assert len(events(f"inbox:{ann.user.pk}")) == heard


def test_another_persons_notification_is_no_mark_to_read_up_to(
    ann: Person, bob: Person, items: list[dict[str, Any]]
) -> None:
    done(ann.put("/api/users/bob/follow/"))
    [bobs] = inbox(bob)
    assert ann.post("/api/notifications/read/", {"up_to": bobs["id"]}).json() == {"count": 5}


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"ids": [1], "up_to": 1},
        {"ids": []},
        {"ids": list(range(1, 102))},
        {"ids": ["1"]},
        {"ids": [0]},
        {"ids": [2**63]},
        {"ids": 1},
        {"up_to": "1"},
        {"up_to": 1.5},
        {"up_to": True},
        {"up_to": 2**63},
    ],
    ids=repr,
)
def test_what_means_nothing_is_400_and_named(ann: Person, body: dict[str, Any]) -> None:
    response = ann.post("/api/notifications/read/", body)
    assert response.status_code == 400
    assert any(field.startswith(("ids", "up_to")) for field in response.json()["errors"])


def test_a_forged_cursor_is_400(ann: Person) -> None:
    assert ann.get("/api/notifications/?cursor=x").json()["code"] == "invalid_cursor"
