"""`manage.py restore_users`: proves a backup, and brings back who is missing."""

import gzip
import shutil
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command
from django.db.models import Count

from accounts.backups.files import Place, make
from accounts.backups.folder import Folder
from accounts.models import Profile, User
from tests.factories import UserFactory

pytestmark = pytest.mark.django_db(transaction=True)


def restore(capsys: pytest.CaptureFixture[str], *arguments: str) -> list[str]:
    call_command("restore_users", *arguments)
    proved, *others = capsys.readouterr().out.splitlines()
    return [proved.partition(": ")[2], *others]


def people() -> list[tuple[object, ...]]:
    return list(User.objects.order_by("username").values_list("username", "email", "date_joined"))


def test_a_check_says_that_a_backup_is_whole_and_who_is_missing(
    place: Place, capsys: pytest.CaptureFixture[str]
) -> None:
    UserFactory.create_batch(5)
    manifest = make(place, week="2026-W48")
    User.objects.filter(pk__in=User.objects.values("pk")[:2]).delete()
    for name in (manifest.file, f"backups/{manifest.file}", "latest"):
        proved, missing = restore(capsys, "--check", name)
        assert proved == f"5 users of {manifest.taken_at}, {manifest.size} bytes, as its manifest says."
        assert missing == "2 of them are not in this database."
    assert User.objects.count() == 3


def test_who_is_missing_comes_back_and_nobody_else_is_touched(place: Place, capsys: pytest.CaptureFixture[str]) -> None:
    users = UserFactory.create_batch(6)
    before = people()
    make(place)
    User.objects.filter(pk__in=[user.pk for user in users[:4]]).delete()
    changed, stays = users[4], users[5]
    User.objects.filter(pk=changed.pk).update(email="new@example.com", username=changed.username.upper())
    assert restore(capsys, "latest")[1:] == ["4 of them are not in this database.", "4 were restored."]
    assert [row for row in people() if row[0] != changed.username.upper()] == [
        row for row in before if row[0] != changed.username
    ]
    assert User.objects.get(pk=changed.pk).email == "new@example.com"
    assert User.objects.get(pk=stays.pk).password == stays.password
    back = User.objects.exclude(pk__in=[changed.pk, stays.pk])
    assert all(not user.has_usable_password() and user.is_active and not user.is_staff for user in back)
    assert Profile.objects.values("user").annotate(Count("pk")).count() == 6
    assert restore(capsys, "latest")[1:] == ["0 of them are not in this database.", "0 were restored."]


def test_whose_email_somebody_else_has_by_now_is_left_out(place: Place, capsys: pytest.CaptureFixture[str]) -> None:
    user = UserFactory(username="ann", email="ann@example.com")
    make(place)
    user.delete()
    UserFactory(username="other", email="ANN@example.com")
    assert restore(capsys, "latest")[1:] == [
        "1 of them are not in this database.",
        "0 were restored.",
        "1 were not: somebody else has their e-mail address now.",
    ]
    assert User.objects.get().username == "other"


def test_a_file_that_was_fetched_is_restored_by_its_path(
    place: Place, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    UserFactory.create_batch(2)
    manifest = make(place)
    for name in (manifest.file, manifest.name):
        with place.reading(name) as source, (tmp_path / name).open("wb") as copy:
            shutil.copyfileobj(source, copy)
    User.objects.all().delete()
    restore(capsys, str(tmp_path / manifest.file))
    assert User.objects.count() == 2


def test_a_damaged_backup_restores_nobody(tmp_path: Path) -> None:
    UserFactory.create_batch(2)
    manifest = make(Folder(tmp_path))
    path = tmp_path / manifest.file
    whole = path.read_bytes()
    another = gzip.compress(gzip.decompress(whole) + b"eve,eve@example.com,2026-01-01T00:00:00+00:00\r\n")
    User.objects.all().delete()
    for damaged in (whole[:-8] + b"\0" * 8, another):
        path.write_bytes(damaged)
        for arguments in ([], ["--check"]):
            with pytest.raises(CommandError, match="This backup is damaged"):
                call_command("restore_users", *arguments, str(path))
    assert not User.objects.exists()


@pytest.mark.parametrize("name", ["latest", "users-20260101T000000Z.csv.gz", "backups/nothing"])
def test_a_backup_that_is_not_there_is_named(place: Place, name: str) -> None:
    with pytest.raises(CommandError, match="There is no "):
        call_command("restore_users", name)


def test_a_file_without_its_manifest_is_no_backup(tmp_path: Path) -> None:
    manifest = make(Folder(tmp_path))
    (tmp_path / manifest.name).unlink()
    with pytest.raises(CommandError, match=r"There is no .*\.json"):
        call_command("restore_users", "--check", str(tmp_path / manifest.file))
