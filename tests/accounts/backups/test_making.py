"""A backup of users: what stands in it, that it is whole or not there, and that it proves what it says."""

import csv
import gzip
import hashlib
import io
import json
import os
import re
import threading
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command
from django.db import connection, connections
from pytest_django import Settings

from accounts.backups import files
from accounts.backups.bucket import Bucket
from accounts.backups.files import Place, backup_place, backups, check, make
from accounts.backups.folder import Folder
from accounts.backups.rows import Damaged
from accounts.models import User
from tests.factories import UserFactory
from tests.flaky_s3 import flaky_s3
from tests.s3 import Bucket as S3Bucket

pytestmark = pytest.mark.django_db(transaction=True)


def content(place: Place, name: str) -> list[list[str]]:
    with place.reading(name) as file:
        return list(csv.reader(io.StringIO(gzip.decompress(file.read()).decode(), newline="")))


def test_a_backup_has_a_line_for_each_user_and_a_manifest_that_it_matches(place: Place) -> None:
    ann, bob = UserFactory(username="ann"), UserFactory(username="bob", is_active=False)
    manifest = make(place, week="2026-W48")
    assert re.fullmatch(r"users-\d{8}T\d{6}Z\.csv\.gz", manifest.file)
    assert content(place, manifest.file) == [
        ["username", "email", "date_joined"],
        ["ann", ann.email, ann.date_joined.isoformat()],
        ["bob", bob.email, bob.date_joined.isoformat()],
    ]
    assert ann.date_joined.isoformat().endswith("+00:00")
    with place.reading(manifest.name) as file:
        said = json.load(file)
    with place.reading(manifest.file) as file:
        data = file.read()
    assert said["rows"] == 2
    assert (said["size"], said["sha256"]) == (len(data), hashlib.sha256(data).hexdigest())
    assert said["week"] == "2026-W48"
    assert check(place, manifest.file) == manifest
    assert sorted(place.names()) == sorted([manifest.file, manifest.name])


def test_cells_that_a_spreadsheet_would_run_are_escaped_and_read_back_as_they_were(place: Place) -> None:
    emails = ["=1+1@x.example", "+a@x.example", "-a@x.example", "@x", "\ta@x.example", "\ra@x.example", "'a@x.example"]
    emails += ['"quoted, twice"@x.example', "two\nlines@x.example", "grüße@x.example", ""]
    for number, email in enumerate(emails):
        UserFactory(username=f"u{number}", email=email)
    manifest = make(place)
    written = [cells[1] for cells in content(place, manifest.file)[1:]]
    assert written == [*(f"'{email}" for email in emails[:7]), *emails[7:]]
    with place.reading(manifest.file) as file:
        assert [row.email for row in files.Reading(file)] == emails


def test_an_installation_without_users_has_a_backup_too(place: Place) -> None:
    assert make(place).rows == 0
    assert check(place, backups(place)[0]).rows == 0


def test_a_backup_is_of_one_moment(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    """Who comes, goes or is renamed while it is written changes nothing in it."""
    UserFactory.create_batch(30)
    names = list(User.objects.order_by("pk").values_list("username", flat=True))
    monkeypatch.setattr("accounts.backups.rows.CHUNK", 10)
    chunks = []

    def change() -> None:
        User.objects.filter(pk=User.objects.latest("pk").pk).delete()
        User.objects.filter(username=names[20]).update(username="renamed")
        UserFactory()
        connections.close_all()

    def watched(rows: Any, sink: Any) -> Any:
        def with_a_change() -> Any:
            for number, row in enumerate(rows):
                if number == 5:
                    chunks.append(number)
                    thread = threading.Thread(target=change)
                    thread.start()
                    thread.join()
                yield row

        return write(with_a_change(), sink)

    write = files.write
    monkeypatch.setattr(files, "write", watched)
    manifest = make(place)
    assert chunks == [5]
    assert [cells[0] for cells in content(place, manifest.file)[1:]] == names
    assert "renamed" not in names
    assert User.objects.filter(username="renamed").exists()


@pytest.mark.parametrize("change", ["cut", "flip", "longer", "other"])
def test_a_damaged_backup_is_found_out(place: Place, change: str) -> None:
    UserFactory.create_batch(20)
    manifest = make(place)
    with place.reading(manifest.file) as file:
        data = bytearray(file.read())
    if change == "cut":
        del data[-10:]
    elif change == "flip":
        data[len(data) // 2] ^= 1
    elif change == "longer":
        data += b"x"
    else:
        data = bytearray(gzip.compress(b"username,email,date_joined\nann,ann@x.example,2026-01-01T00:00:00+00:00\n"))
    place.delete(manifest.file)
    with place.writing(manifest.file) as sink:
        sink.write(bytes(data))
    with pytest.raises(Damaged):
        check(place, manifest.file)


def test_what_was_written_and_is_read_differently_gets_no_manifest(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    UserFactory.create_batch(3)
    write = files.write

    def lying(rows: Any, sink: Any) -> Any:
        written = write(rows, sink)
        written.rows += 1
        return written

    monkeypatch.setattr(files, "write", lying)
    with pytest.raises(Damaged, match="is read as"):
        make(place)
    assert backups(place) == []


def test_a_backup_that_fails_leaves_nothing(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(rows: Any, sink: Any) -> Any:
        sink.write(b"some bytes")
        raise ZeroDivisionError

    monkeypatch.setattr(files, "write", fail)
    with pytest.raises(ZeroDivisionError):
        make(place)
    assert place.names() == []
    if isinstance(place, Bucket):
        assert unfinished(place) == []


def test_another_writer_of_the_same_file_is_left_alone(settings: Settings) -> None:
    place = Folder(settings.BACKUP_DIR)
    with place.writing("file") as first:
        first.write(b"of the first")
        with pytest.raises(FileExistsError), place.writing("file"):
            pass
    with place.reading("file") as source:
        assert source.read() == b"of the first"


def unfinished(place: Bucket) -> list[Any]:
    from core import s3

    found: list[Any] = s3.client().list_multipart_uploads(Bucket=place._bucket).get("Uploads", [])
    return found


def test_only_we_may_read_a_backup_in_a_folder(settings: Settings) -> None:
    mask = os.umask(0)
    try:
        make(backup_place())
    finally:
        os.umask(mask)
    folder = Path(settings.BACKUP_DIR)
    assert folder.stat().st_mode & 0o777 == 0o700
    assert {path.stat().st_mode & 0o777 for path in folder.iterdir()} == {0o600}


def test_backups_lie_below_the_folder_of_the_bucket_that_is_ours(moto: S3Bucket, settings: Settings) -> None:
    settings.BACKUP_BUCKET, settings.AWS_LOCATION = moto.name, "simmer"
    manifest = make(backup_place())
    assert f"simmer/backups/{manifest.file}" in moto.keys("simmer/")


def test_a_long_file_goes_up_and_down_in_parts(bucket: S3Bucket) -> None:
    data = os.urandom(13 * 1024 * 1024)
    place = Bucket(bucket.name, "backups/")
    with place.writing("long") as sink:
        for start in range(0, len(data), 700_000):
            sink.write(data[start : start + 700_000])
    assert bucket.read("backups/long") == data
    with place.reading("long") as source:
        assert b"".join(iter(lambda: source.read(300_000), b"")) == data
    assert bucket.unfinished() == []


def test_a_file_whose_completion_was_answered_500_is_there(bucket: S3Bucket, settings: Settings) -> None:
    """Asked again, S3 knows no such upload any more."""
    with flaky_s3(bucket.endpoint, share=0) as proxy:
        settings.AWS_S3_ENDPOINT_URL = proxy.url
        proxy.lost = f"POST /{bucket.name}/backups/file?uploadId="
        with Bucket(bucket.name, "backups/").writing("file") as sink:
            sink.write(b"some bytes")
    assert (proxy.lost, proxy.failed.total()) == ("", 1)
    assert bucket.read("backups/file") == b"some bytes"


def test_a_bucket_that_answers_500_now_and_then_gets_its_backup(bucket: S3Bucket, settings: Settings) -> None:
    """It answers so before it has done what it was asked for, and afterwards."""
    settings.BACKUP_BUCKET = bucket.name
    UserFactory.create_batch(10)
    with flaky_s3(bucket.endpoint, share=0.3, seed=4) as proxy:
        settings.AWS_S3_ENDPOINT_URL = proxy.url
        manifests = [make_patiently() for _ in range(5)]
    assert proxy.failed.total() > 10
    settings.AWS_S3_ENDPOINT_URL = bucket.endpoint
    assert {check(backup_place(), manifest.file).rows for manifest in manifests} == {10}


def make_patiently() -> files.Manifest:
    """As a job is tried five times."""
    from botocore.exceptions import ClientError

    for _ in range(4):
        try:
            return make(backup_place(), week="2026-W48")
        except ClientError:
            continue
    return make(backup_place(), week="2026-W48")


def test_a_backup_by_hand_is_kept_until_somebody_deletes_it(place: Place, capsys: pytest.CaptureFixture[str]) -> None:
    UserFactory.create_batch(2)
    call_command("backup_users")
    (name,) = backups(place)
    assert name.startswith("manual-users-")
    assert f"{name} in {place}: 2 users" in capsys.readouterr().out
    files.forget_attempts(place)
    files.forget_old(place, keep=0)
    assert backups(place) == [name]


@pytest.mark.parametrize("pooled", [False, True], ids=["direct", "behind a pooler"])
def test_the_snapshot_is_repeatable_and_changes_nothing(monkeypatch: pytest.MonkeyPatch, pooled: bool) -> None:
    """And it is read through a cursor of the server, so that memory does not grow with the users."""
    monkeypatch.setitem(connection.settings_dict, "DISABLE_SERVER_SIDE_CURSORS", pooled)
    UserFactory()
    for _ in files.all_users():
        with connection.cursor() as cursor:
            cursor.execute("SELECT current_setting('transaction_isolation'), current_setting('transaction_read_only')")
            assert cursor.fetchone() == ("repeatable read", "on")
            cursor.execute("SELECT count(*) FROM pg_cursors")
            assert cursor.fetchone() == (1,)
