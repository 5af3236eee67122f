"""The weekly backup on a bad day: a bucket that answers 500 now and then, and workers that are killed in the middle."""

from collections.abc import Iterator
from itertools import zip_longest
from pathlib import Path

from django.core.management import call_command
from django.db import connection
from pytest_django import Settings

from accounts.backups.files import backup_place, backups, manifest_of
from accounts.backups.jobs import ask_for_backup
from accounts.backups.rows import Reading, all_users
from accounts.models import Backup
from core.processes import stop
from tests.celery_processes import Process, worker
from tests.flaky_s3 import FlakyS3, flaky_s3
from tests.realtime.own_redis import OwnRedis
from tests.realtime.relay_process import RelayProcess
from tests.s3 import Bucket
from tests.stack import wait_until

SECONDS = 600


def make_users(count: int) -> None:
    """With addresses that compress as badly as people's, and some that a spreadsheet would run."""
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO accounts_user (password, is_superuser, username, first_name, last_name, is_staff, is_active,"
            " date_joined, email, role, staff_role, display_name)"
            " SELECT '!', false, 'cook' || n, '', '', false, true, now() - n * interval '1 second',"
            " CASE WHEN n %% 100 = 0 THEN '=' ELSE '' END || md5(n::text) || '@example.com', 'customer', '', ''"
            " FROM generate_series(1, %s) n",
            [count],
        )


def back_up(bucket: Bucket, settings: Settings, redis: OwnRedis, folder: Path, *, kills: int, share: float) -> float:
    """Has this week's backup made while `kills` workers are killed; the most memory that one of them took, in MB."""
    settings.BACKUP_BUCKET = bucket.name
    redis.start()
    with flaky_s3(bucket.endpoint, share=share) as proxy, RelayProcess(folder, REDIS_URL=redis.url):
        env = {**bucket.environment, "AWS_S3_ENDPOINT_URL": proxy.url, "MEDIA_STORAGE": "local"}
        ask_for_backup()
        for number in range(kills):
            with worker(folder, redis.url, f"killed-{number}", queues="follows", **env) as victim:
                _kill_while_it_uploads(victim, proxy)
        with worker(folder, redis.url, "last", queues="follows", **env) as process:
            wait_until(lambda: Backup.objects.get().finished_at, seconds=SECONDS, what="the backup")
            assert proxy.failed.total() > 0 or share == 0
            return max(_peak(int(child)) for child in _children(process))


def _kill_while_it_uploads(victim: Process, proxy: FlakyS3) -> None:
    held = proxy.held
    proxy.gate.clear()
    try:
        wait_until(lambda: proxy.held > held, seconds=SECONDS, what="a part on its way")
        stop(victim, grace=0)
    finally:
        proxy.gate.set()


def _children(process: Process) -> list[str]:
    return Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split()


def _peak(pid: int) -> float:
    """The most memory that a process has had, in MB: what it shares with its parent counts too."""
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmHWM:"):
            return int(line.split()[1]) / 1024
    raise AssertionError("no VmHWM")


def check_it(count: int, bucket: Bucket) -> None:
    """It is whole, it is equal to the database, and nothing else is left."""
    place = backup_place()
    backup = Backup.objects.get()
    assert backups(place) == [backup.file]
    assert sorted(place.names()) == sorted([backup.file, manifest_of(backup.file)])
    assert bucket.unfinished() == []
    call_command("restore_users", "--check", "latest")
    with place.reading(backup.file) as source:
        rows: Iterator[tuple[object, object]] = zip_longest(Reading(source), all_users())
        different = next((pair for pair in rows if pair[0] != pair[1]), None)
    assert different is None
    assert backup.rows == count
