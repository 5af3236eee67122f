"""Two beats, workers that are killed while they send, a Redis that forgets everything: nobody has two mails."""

import os
import random
import time
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from tests import services
from tests.faults.mailing_deployment import BEATS, WORKERS, MailingDeployment, morning_of
from tests.mailbox import Mailbox
from tests.realtime.own_redis import OwnRedis
from tests.stack import wait_until

WEDNESDAY, SATURDAY = 2, 5


@pytest.fixture
def slow_mailbox() -> Iterator[Mailbox]:
    with Mailbox().running() as mailbox:
        yield mailbox


@pytest.fixture
def mailing(faults_redis: OwnRedis, slow_mailbox: Mailbox) -> Iterator[MailingDeployment]:
    folder = Path(os.environ[services.FOLDER]) / f"digests-{services.worker_number()}"
    faults_redis.client.flushall()
    deployment = MailingDeployment(
        folder, database_server=os.environ["DATABASE_URL"], redis_url=faults_redis.url, mailbox=slow_mailbox
    )
    try:
        deployment.create()
        yield deployment
    finally:
        deployment.destroy()


@pytest.mark.parametrize(("people", "kills"), [(60, 3), pytest.param(1_000, 50, marks=pytest.mark.faults)])
def test_killed_workers_and_a_wiped_redis_mail_nobody_twice_and_nobody_at_the_weekend(
    mailing: MailingDeployment, slow_mailbox: Mailbox, faults_redis: OwnRedis, people: int, kills: int
) -> None:
    seed = random.randrange(2**32)
    print(f"the moments of the seed {seed}")
    chance = random.Random(seed)
    morning = morning_of(WEDNESDAY)
    day = morning.date().isoformat()
    mailing.populate(people)
    mailing.publish(morning - timedelta(hours=3))
    killed = 0

    def take_time(address: str) -> None:
        # So that there are some left for the last kill.
        if killed < kills:
            time.sleep(0.2 if len(slow_mailbox.messages) < people * 0.9 else 2)

    slow_mailbox.before_data = take_time
    began = time.monotonic()
    mailing.move_to(morning)
    mailing.start_all()
    wiped = revived = 0
    while killed < kills:
        before = len(slow_mailbox.messages)
        wait_until(lambda: len(slow_mailbox.messages) > before, seconds=120, what="mails to be sent")  # noqa: B023
        # No condition: any moment may be the wrong one.
        time.sleep(chance.uniform(0, 0.5))
        victim = chance.choice(WORKERS)
        mailing.kill(victim)
        killed += 1
        assert not mailing.is_settled(day), "it was killed after the digest, not in its middle"
        mailing.move_to(morning + timedelta(seconds=time.monotonic() - began))
        mailing.start(victim)
        if killed == kills // 2 + 1:
            faults_redis.client.flushall()
            wiped += 1
        revived += revive(mailing)
    wait_until(lambda: revive(mailing) or mailing.is_settled(day), seconds=300, what="the end of the digest")
    mailing.wait_for_ticks(4)

    counts, states = slow_mailbox.counts(), mailing.states(day)
    assert max(counts.values()) == 1, "somebody has two mails"
    assert set(states) <= {"sent", "ambiguous"}
    assert states["sent"] + states["ambiguous"] == people, "each person is counted once"
    assert mailing.emails(day, "sent") <= set(counts), "what is called sent was sent"
    assert set(counts) - mailing.emails(day, "sent") <= mailing.emails(day, "ambiguous")
    print(
        f"{people} people, {len(BEATS)} beats, {kills} kills, Redis wiped {wiped} time, {revived} dead jobs tried again"
        f" in {time.monotonic() - began:.0f} s: {len(slow_mailbox.messages)} mails, none twice; {dict(states)};"
        f" of the ambiguous {len(counts) - states['sent']} had arrived"
    )

    for name in (*WORKERS, *BEATS):
        mailing.kill(name)
    for weekend in (SATURDAY, SATURDAY + 1):
        moment = morning_of(weekend % 7)
        mailing.publish(moment - timedelta(hours=1))
        mailing.move_to(moment)
        mailing.start_all()
        mailing.wait_for_ticks(4)
        for name in (*WORKERS, *BEATS):
            mailing.kill(name)
    assert slow_mailbox.counts() == counts, "somebody was mailed at the weekend"
    assert mailing.query("SELECT count(*) FROM posts_digestrun WHERE local_date <> %s", day) == [(0,)]


def revive(mailing: MailingDeployment) -> int:
    """Tries dead jobs again, as an operator would; how many there were. Killed five times in a row without having sent
    anything in between, which chance may bring about, a job is one."""
    dead = "UPDATE realtime_job SET state = 'queued', attempts = 0, sent = 0, enqueue_at = now() WHERE state = 'dead'"
    return len(mailing.query(f"{dead} RETURNING id"))
