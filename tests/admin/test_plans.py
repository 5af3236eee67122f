"""What a list of the admin costs does not grow with its table: PostgreSQL's own account of each of its queries.

Each page, filter, order and search of each large table is explained as it is run. The planner is told that reading
whole tables is dear, as it is with a million rows; if it does so nonetheless, there is no index.
"""

import json
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

import posts.search
import recipes.search
from core.large_tables import FirstRows
from tests.admin.conftest import LABELS, REGISTERED, addresses_of, list_of
from tests.admin.rows import fill

ROWS = 1_500
# Of the rows of a table how many the page numbers know of, and a search for words finds: fewer than in earnest.
MOST = 200
# What a query may read: those, and a page's rows with what stands beside them.
BOUND = MOST + 300
# Words are read by the stretch (docs/decisions/0007-search.md), which is longer than these tables.
WORDS = ("posts_search", "recipes_search")
# Tables that do not grow with the network, on whose pages anything may be asked.
SMALL = {
    "accounts.Application": "staff register each",
    "auth.Group": "staff make each",
    "core.PeriodicRun": "one row for each periodic task",
    "django_celery_beat.ClockedSchedule": "staff make each",
    "django_celery_beat.CrontabSchedule": "staff make each",
    "django_celery_beat.IntervalSchedule": "staff make each",
    "django_celery_beat.PeriodicTask": "staff make each",
    "django_celery_beat.SolarSchedule": "staff make each",
    "oauth2_provider.AccessToken": "empty",
    "oauth2_provider.DeviceGrant": "empty",
    "oauth2_provider.IDToken": "empty",
    "oauth2_provider.RefreshToken": "empty",
    "posts.DigestRun": "forty rows a day at most, one for each time zone",
    "realtime.Canary": "one row for each queue",
    "realtime.Epoch": "one row",
}
LARGE = [model for model in REGISTERED if model._meta.label not in SMALL]


def work_of(sql: str) -> tuple[int, str]:
    """How many rows a query read, those included that it threw away, and the plan that says so."""
    with connection.cursor() as cursor:
        for setting in ("enable_seqscan", "enable_hashjoin", "enable_mergejoin"):
            cursor.execute(f"SET LOCAL {setting} = off")
        cursor.execute(f"EXPLAIN (ANALYZE, TIMING OFF, FORMAT JSON) {sql}")
        (plan,) = cursor.fetchone()[0]
    return _read_by(plan["Plan"]), json.dumps(plan["Plan"], indent=1)


def _read_by(node: dict[str, Any]) -> int:
    read = 0
    if "Scan" in node["Node Type"] and node.get("Relation Name") not in (None, *WORDS):
        removed = node.get("Rows Removed by Filter", 0) + node.get("Rows Removed by Index Recheck", 0)
        read = int((node["Actual Rows"] + removed) * node["Actual Loops"])
    return read + sum(map(_read_by, node.get("Plans", [])))


@pytest.mark.parametrize("model", LARGE, ids=[model._meta.label for model in LARGE])
def test_no_query_of_its_list_reads_more_than_its_first_rows(
    staff: Client, model: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(FirstRows, "most", MOST)
    for search in (posts.search, recipes.search):
        monkeypatch.setattr(search, "MOST", MOST)
    fill([model], ROWS)
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")
    for query in addresses_of(staff, model):
        with CaptureQueriesContext(connection) as queries:
            assert staff.get(list_of(model) + query).status_code == 200
        for captured in queries:
            if captured["sql"].startswith("SELECT"):
                work, plan = work_of(captured["sql"])
                assert work <= BOUND, f"{query}: {work} rows\n{captured['sql']}\n{plan}"


def test_no_small_table_is_named_that_there_is_not() -> None:
    assert set(SMALL) <= set(LABELS)
