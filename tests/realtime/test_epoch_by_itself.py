"""The relay starts a new epoch when the origin of the database has changed."""

from pathlib import Path

import pytest
from django.db import connection

from realtime.models import Epoch
from realtime.origin import read_origin
from realtime.positions import start_epoch
from tests.realtime.relay_process import RelayProcess
from tests.relaying import nothing_waits, write
from tests.stack import wait_until


def change(part: int) -> None:
    """Store another value for one part of the origin."""
    epoch = Epoch.objects.get()
    parts = epoch.origin.split("/")
    parts[part] += "1"
    Epoch.objects.update(origin="/".join(parts))


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("part", [0, 1, 2], ids=["server", "timeline", "table"])
def test_a_relay_that_finds_another_origin_starts_a_new_epoch_before_it_numbers(tmp_path: Path, part: int) -> None:
    before = start_epoch()
    write("recipes")
    change(part)
    with RelayProcess(tmp_path, name="first") as first:
        wait_until(nothing_waits)
        first.wait_for("relay.new_epoch")
        begun = Epoch.objects.get()
        assert begun.value != before and begun.origin == read_origin()
        assert first.log.index("relay.new_epoch") < first.log.index("relay.started")
        first.kill()
    with RelayProcess(tmp_path, name="second") as second:
        second.wait_for("relay.started")
        assert Epoch.objects.get() == begun and "relay.new_epoch" not in second.log


@pytest.mark.django_db(transaction=True)
def test_an_epoch_without_an_origin_continues(tmp_path: Path) -> None:
    Epoch.objects.update(value="of-before", origin="")
    with RelayProcess(tmp_path) as relay:
        relay.wait_for("relay.started")
        assert relay.terminate() == 0
    epoch = Epoch.objects.get()
    assert (epoch.value, epoch.origin) == ("of-before", read_origin())


@pytest.mark.django_db
def test_the_origin_omits_what_the_role_may_not_query() -> None:
    whole = read_origin().split("/")
    assert all(part.strip("-") for part in whole)
    with connection.cursor() as cursor:
        cursor.execute("REVOKE EXECUTE ON FUNCTION pg_control_system(), pg_walfile_name(pg_lsn) FROM PUBLIC")
        cursor.execute("CREATE ROLE plain_role")
        cursor.execute("SET LOCAL ROLE plain_role")
        assert read_origin() == f"-/-/{whole[2]}"
        cursor.execute("RESET ROLE")
