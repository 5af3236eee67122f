"""An operator runs a periodic task from the admin: once its cause is mended, without waiting for the night."""

import os

import pytest
import redis
from django.contrib.auth.models import Permission
from django.test import Client

from core.celery import app
from core.models import PeriodicRun
from core.processes import free_port
from core.queues import QUEUES
from tests.factories import UserFactory

pytestmark = pytest.mark.django_db
PAGE = "/admin/core/periodicrun/"


def run_now(client: Client, *tasks: str) -> str:
    rows = [PeriodicRun.objects.create(task=task).pk for task in tasks]
    return client.post(PAGE, {"action": "run_now", "_selected_action": rows}, follow=True).text


def waiting() -> int:
    with redis.Redis.from_url(os.environ["REDIS_URL"]) as client:
        return sum(int(client.llen(queue)) for queue in QUEUES)  # type: ignore[arg-type]


def test_a_tick_is_sent_for_each_of_the_chosen(admin_client: Client) -> None:
    said = run_now(admin_client, "posts.trim_views", "recipes.reconcile_ratings")
    assert "2 tasks will run as soon as a worker is free." in said
    assert waiting() == 2


def test_a_task_that_is_gone_is_named(admin_client: Client) -> None:
    assert "No task is registered as &#x27;posts.gone&#x27;." in run_now(admin_client, "posts.gone")
    assert waiting() == 0


def test_a_broker_that_is_away_is_said(admin_client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    app.conf.get("broker_url")  # what is set before Celery has read its settings is lost
    monkeypatch.setitem(app.conf.changes, "broker_url", f"redis://127.0.0.1:{free_port()}/0")
    assert "The broker takes no task (OperationalError)." in run_now(admin_client, "posts.trim_views")


def test_who_may_only_look_runs_nothing(client: Client) -> None:
    looker = UserFactory(is_staff=True)
    looker.user_permissions.add(Permission.objects.get(codename="view_periodicrun"))
    client.force_login(looker)
    assert client.get(PAGE).status_code == 200
    run_now(client, "posts.trim_views")
    assert waiting() == 0
