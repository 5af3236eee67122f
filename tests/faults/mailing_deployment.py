"""What sends digests, as it is deployed: a relay, two beats, two workers, a mail server; at a time that a test sets."""

import subprocess
import sys
from collections import Counter
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

from core.processes import bound
from tests import services
from tests.mailbox import Mailbox
from tests.stack import Stack, wait_until

WORKERS = ("worker-1", "worker-2")
BEATS = ("beat-1", "beat-2")
# Where it is the same weekday, and six or later, when it is ten minutes past six in UTC.
ZONES = ("UTC", "Europe/Berlin", "Africa/Lagos")
# A seller, what they publish, and COUNT people who follow them.
_PEOPLE = """
    INSERT INTO accounts_user (username, email, password, first_name, last_name, is_superuser, is_staff, is_active,
        date_joined, email_verified_at, role, staff_role, display_name)
    SELECT 'reader' || n, 'reader' || n || '@example.com', '', '', '', false, false, true, now(), now(),
        CASE n WHEN 0 THEN 'seller' ELSE 'customer' END, '', '' FROM generate_series(0, %s) n
"""
_PROFILES = """
    INSERT INTO accounts_profile (user_id, created_at, updated_at, version, bio, website, follower_count,
        following_count, recipe_count, post_count, digest, timezone)
    SELECT id, now(), now(), 1, '', '', 0, 0, 0, 0, role = 'customer', (%s::text[])[1 + id %% 3] FROM accounts_user
"""
_FOLLOWS = """
    INSERT INTO accounts_follow (follower_id, followee_id, created_at)
    SELECT f.id, s.id, now() FROM accounts_user f, accounts_user s WHERE f.role = 'customer' AND s.role = 'seller'
"""
_RECIPE = """
    WITH recipe AS (
        INSERT INTO recipes_recipe (seller_id, visibility, name, description, tag_names, version, rating_sum,
            rating_count, trending_score, created_at, updated_at)
        SELECT id, 'public', 'Soup', 'Hot.', '[]', 1, 0, 0, 0, %(at)s, %(at)s FROM accounts_user WHERE role = 'seller'
        RETURNING id, seller_id
    )
    INSERT INTO posts_post (author_id, kind, text, announces_id, visibility, status, published_at, tag_names, version,
        is_pulled, like_count, dislike_count, comment_count, repost_count, save_count, view_count, created_at,
        updated_at)
    SELECT seller_id, 'recipe', '', id, 'public', 'published', %(at)s, '[]', 1, false, 0, 0, 0, 0, 0, 0, %(at)s, %(at)s
    FROM recipe
"""


class MailingDeployment(Stack):
    """Processes by name, each of which may be killed and started again. There is no web server."""

    def __init__(self, folder: Path, *, database_server: str, redis_url: str, mailbox: Mailbox) -> None:
        super().__init__(folder)
        self.database = f"simmer_digests_{services.worker_number()}"
        self.database_url = urlunsplit(urlsplit(database_server)._replace(path=f"/{self.database}"))
        self.env |= {
            "DATABASE_URL": self.database_url,
            "REDIS_URL": redis_url,
            "BUS_PREFIX": "digests",
            "EMAIL_URL": mailbox.url,
            "JOB_LEASE_SECONDS": "2",
            "JOB_OVERDUE_SECONDS": "3",
            "SIMMER_MOVED": "0",
        }

    def create(self) -> None:
        """An empty, migrated database; nothing runs."""
        self.folder.mkdir(parents=True, exist_ok=True)
        self._drop_database()
        with self._server() as cursor:
            cursor.execute(f'CREATE DATABASE "{self.database}"')
        self.manage("migrate", "--verbosity=0")

    def destroy(self) -> None:
        for name in tuple(self.processes):
            self.kill(name)
        self._drop_database()

    def populate(self, people: int) -> None:
        self.query(_PEOPLE, people)
        self.query(_PROFILES, list(ZONES))
        self.query(_FOLLOWS)

    def publish(self, at: datetime) -> None:
        with self._connected(self.database_url) as cursor:
            cursor.execute(_RECIPE, {"at": at})

    def move_to(self, moment: datetime) -> None:
        """It is that moment for the digests of all that is started from now on."""
        self.env["SIMMER_MOVED"] = str((moment - datetime.now(UTC)).total_seconds())

    def start_all(self) -> None:
        for name in ("relay", *WORKERS, *BEATS):
            if name not in self.processes:
                self.start(name)

    def start(self, name: str) -> None:
        command = ["manage.py", "relay"]
        if name in WORKERS:
            command = ["-m", "tests.faults.moved", "worker", "-c", "2", "-Q", "default,follows,images,media,mail"]
            command += ["-n", f"{name}@%h", "-l", "info", "--without-gossip", "--without-mingle", "--without-heartbeat"]
        elif name in BEATS:
            command = ["-m", "tests.faults.moved", "beat", "--pidfile=", "-l", "info"]
        with self._log(name).open("ab") as log:
            self.processes[name] = subprocess.Popen(
                bound([sys.executable, *command]), cwd=services.ROOT, env=self.env,
                stdin=subprocess.DEVNULL, stdout=log, stderr=subprocess.STDOUT, start_new_session=True,
            )  # fmt: skip

    def ticks_done(self) -> int:
        """How many ticks the workers have worked off."""
        done = ("Task posts.begin_digests", "succeeded")
        logs = [self._log(name) for name in WORKERS]
        return sum(
            all(word in line for word in done)
            for log in logs
            if log.exists()
            for line in log.read_text(errors="replace").splitlines()
        )

    def wait_for_ticks(self, count: int) -> None:
        before = self.ticks_done()
        wait_until(lambda: self.ticks_done() >= before + count, seconds=120, what=f"{count} ticks")

    def states(self, day: str) -> Counter[str]:
        """How many digests of that day are in which state: what an operator counts, too."""
        rows = self.query("SELECT state, count(*) FROM posts_digest WHERE local_date = %s GROUP BY state", day)
        return Counter({state: int(count) for state, count in rows})

    def is_settled(self, day: str) -> bool:
        states = self.states(day)
        return bool(states) and not states["pending"] and not states["sending"]

    def emails(self, day: str, state: str) -> set[str]:
        rows = self.query(
            "SELECT email FROM posts_digest d JOIN accounts_user u ON u.id = d.user_id"
            " WHERE local_date = %s AND state = %s",
            day, state,
        )  # fmt: skip
        return {email for (email,) in rows}


def morning_of(weekday: int) -> datetime:
    """Ten past six in UTC on the next such day (0 is Monday), a week away at least."""
    today = datetime.now(UTC).replace(hour=6, minute=10, second=0, microsecond=0)
    return today + timedelta(days=7 + (weekday - today.weekday()) % 7)
