"""The admin's longest lists with a million rows, beside the same with a thousand: opened in turn, in one run.

The short form is tests/admin/test_plans.py, which shows for every list that none of its queries reads more with more
rows. Here two of them are timed. `pytest -s` shows the figures.
"""

import statistics
import time
from typing import Any

import pytest
from django.db import connection
from django.test import Client

from accounts.models import User
from posts.models import Post
from realtime.models import StreamEvent
from tests.admin.conftest import list_of
from tests.admin.rows import fill
from tests.factories import UserFactory

pytestmark = [pytest.mark.faults, pytest.mark.django_db]
# In thousands. Whoever has some rows has as many in both.
MANY, FEW = 1_000, 1
ROUNDS = 21

ROWS = {
    StreamEvent: """
        INSERT INTO realtime_streamevent (channel, type, data, "offset", position, created_at)
        SELECT 'recipe:' || mod(n, 5 * %s), 'rating.created', '{"score": 5}', n, n, now()
        FROM generate_series(1, 1000 * %s) n
    """,
    Post: """
        INSERT INTO posts_post (created_at, updated_at, published_at, author_id, kind, text, visibility, status,
            tag_names, version, is_pulled, like_count, dislike_count, comment_count, repost_count, save_count,
            view_count)
        SELECT now(), now(), now() - n * interval '1 s', (SELECT min(id) FROM accounts_user) + mod(n, 20 + %s),
            'status', 'Dinner number ' || n, 'public', 'published', '[]', 1, false, 0, 0, 0, 0, 0, 0
        FROM generate_series(1, 1000 * %s) n
    """,
}
QUERIES = {
    StreamEvent: ["", "?p=20", "?only_not_numbered_yet=yes", "?q=recipe:3", "?q=4711", "?id__lt=500000"],
    Post: ["", "?p=20", "?only_scheduled=yes", "?q=@row7", "?q=4711", "?id__lt=500000"],
}


@pytest.fixture
def staff() -> Client:
    client = Client()
    client.force_login(UserFactory(username="root", is_staff=True, is_superuser=True))
    return client


def load(model: Any) -> None:
    """The same table twice: the real one with MANY rows, and one of the schema `few`."""
    table = model._meta.db_table
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL session_replication_role = replica")  # neither words nor foreign keys are looked at
        cursor.execute(f"CREATE SCHEMA few; CREATE TABLE few.{table} (LIKE public.{table} INCLUDING ALL)")
        cursor.execute(ROWS[model], [MANY, MANY])
        cursor.execute("SET LOCAL search_path = few, public")
        cursor.execute(ROWS[model], [FEW, FEW])
        cursor.execute(f"SET LOCAL search_path = public; ANALYZE public.{table}; ANALYZE few.{table}")


@pytest.mark.parametrize("model", ROWS, ids=lambda model: model._meta.label)
def test_a_list_of_a_million_rows_opens_as_fast_as_one_of_a_thousand(staff: Client, model: Any) -> None:
    fill([User], 1_100)
    load(model)
    for query in QUERIES[model]:
        took: dict[str, list[float]] = {"public": [], "few, public": []}
        for _ in range(ROUNDS):
            for path, times in took.items():
                with connection.cursor() as cursor:
                    cursor.execute(f"SET LOCAL search_path = {path}")
                began = time.perf_counter()
                assert staff.get(list_of(model) + query).status_code == 200
                times.append(time.perf_counter() - began)
        many, few = (statistics.median(times) * 1000 for times in took.values())
        print(f"{model._meta.label}{query}: {many:.0f} ms of a million rows, {few:.0f} ms of a thousand")
        assert many < 3 * few + 20, query
