"""What a transactional test leaves behind for the next one."""

from collections import Counter
from typing import Any

from django.apps import apps
from django.contrib.auth.models import Permission
from django.contrib.contenttypes.models import ContentType
from django.core.management import call_command
from django.db import connection

from realtime.models import Epoch
from tests.emptying import empty
from tests.factories import CommentFactory
from tests.strangers import make_strangers


def left_behind() -> dict[str, Any]:
    """How many rows each table has, and what the rows say that are there from the beginning."""
    counts = Counter({model._meta.label: model._base_manager.count() for model in apps.get_models()})
    with connection.cursor() as cursor:
        for table in ("posts_search", "recipes_search"):
            cursor.execute(f"SELECT count(*) FROM {table}")
            counts[table] = cursor.fetchone()[0]
    return {
        "rows": +counts,
        "types": set(ContentType.objects.values_list("app_label", "model")),
        "permissions": set(
            Permission.objects.values_list("content_type__app_label", "content_type__model", "codename")
        ),
    }


def test_emptying_leaves_what_a_flush_leaves(transactional_db: None) -> None:
    call_command("flush", interactive=False, verbosity=0)
    flushed = left_behind()
    make_strangers()
    CommentFactory(parent=CommentFactory())
    assert len(left_behind()["rows"]) > len(flushed["rows"]) + 10
    empty(connection)
    assert left_behind() == flushed


def test_emptying_begins_another_epoch_and_goes_on_with_the_sequences(transactional_db: None) -> None:
    before, comment = Epoch.objects.get().value, CommentFactory()
    empty(connection)
    assert Epoch.objects.get().value != before
    assert CommentFactory().pk > comment.pk
