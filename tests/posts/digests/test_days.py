"""Days go by, beat ticks or does not: everybody has one mail on each weekday, at six in the morning where they are."""

from collections import Counter
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts.models import Follow, Profile, User
from posts.digests import calendar, planning
from posts.digests.ledger import counts, trim
from posts.models import Digest, DigestRun
from realtime.jobs import execute
from realtime.models import Job
from tests.concurrently import at_once
from tests.factories import SellerFactory
from tests.jobs import run_jobs
from tests.mailbox import Mailbox
from tests.posts.digests.conftest import MORNING, Clock, later, publish, reader_in, states, tick

pytestmark = pytest.mark.django_db
ZONES = ("UTC", "Europe/Berlin", "America/New_York", "Asia/Kathmandu", "Pacific/Auckland", "Pacific/Honolulu")


@pytest.mark.parametrize(
    ("first", "zones"),
    [
        # Berlin changes its clocks on 29 March, New York on 8 March, Auckland on 5 April.
        (datetime(2026, 3, 23, tzinfo=UTC), ZONES),
        (datetime(2026, 3, 2, tzinfo=UTC), ("America/New_York",)),
    ],
    ids=["Berlin and Auckland", "New York"],
)
def test_over_fourteen_days_each_weekday_has_its_mail_at_six(
    clock: Clock, mailbox: Mailbox, first: datetime, zones: tuple[str, ...]
) -> None:
    """A tick every quarter of an hour, and a new recipe every six hours."""
    people = {zone: reader_in(zone, email=f"{number}@example.com") for number, zone in enumerate(zones)}
    seller = SellerFactory()
    Profile.objects.filter(user=seller).update(digest=False)
    Follow.objects.bulk_create(Follow(follower=person, followee=seller) for person in people.values())
    publish(at=first - timedelta(days=2), seller=seller)
    arrivals: dict[str, list[datetime]] = {zone: [] for zone in zones}
    clock.now = first
    for quarter in range(14 * 24 * 4):
        clock.now = first + timedelta(minutes=15 * quarter)
        if quarter % 24 == 0:
            publish(at=clock.now, seller=seller)
        before = mailbox.counts()
        tick()
        for zone, person in people.items():
            if mailbox.counts()[person.email] > before[person.email]:
                arrivals[zone].append(clock.now.astimezone(calendar.zone(zone)))
    for zone, moments in arrivals.items():
        begin = first.astimezone(calendar.zone(zone))
        days = [begin.date() + timedelta(days=n) for n in range(15)]
        # Of the first and the last day only what lies in these fourteen.
        expected = [
            day for day in days
            if day.weekday() < 5 and first <= calendar.morning(day, zone) < first + timedelta(days=14)
        ]  # fmt: skip
        sent_late = [moment.date() for moment in moments[:1] if moment.date() not in expected]
        assert [moment.date() for moment in moments] == sent_late + expected, zone
        assert {(moment.hour, moment.minute) for moment in moments[len(sent_late) :]} == {(6, 0)}, zone
    assert set(states()) == {"sent"}


def test_an_address_that_is_not_confirmed_gets_no_digest(clock: Clock, mailbox: Mailbox) -> None:
    """A digest names recipes by people whom the registrant chose to follow."""
    reader = reader_in(email_verified_at=None)
    unconfirmed_since = reader_in()
    for person in (reader, unconfirmed_since):
        publish(at=MORNING - timedelta(hours=1), followed_by=person)
    planning.begin()
    User.objects.filter(pk=unconfirmed_since.pk).update(email_verified_at=None)
    run_jobs()
    assert not mailbox.to(reader.email) and not mailbox.to(unconfirmed_since.email)


def test_beat_that_is_late_by_hours_sends_on_the_same_day(clock: Clock, mailbox: Mailbox) -> None:
    publish(at=MORNING - timedelta(hours=1), followed_by=(ann := reader_in()))
    clock.now = MORNING + timedelta(hours=9)
    tick()
    assert len(mailbox.to(ann.email)) == 1


def test_beat_that_is_late_by_days_mails_nobody_on_saturday(clock: Clock, mailbox: Mailbox) -> None:
    ann = reader_in()
    publish(at=MORNING - timedelta(hours=1), followed_by=ann)
    for days in (3, 4):  # Saturday and Sunday
        clock.now = MORNING + timedelta(days=days, hours=3)
        tick()
    assert (mailbox.messages, states()) == ([], {})
    clock.now = MORNING + timedelta(days=5)
    publish(at=clock.now - timedelta(days=2), followed_by=ann)
    tick()
    assert len(mailbox.to(ann.email)) == 1


def test_digests_that_wait_till_saturday_are_missed(
    clock: Clock, mailbox: Mailbox, caplog: pytest.LogCaptureFixture
) -> None:
    """Planned on Friday; the workers come back a day later, and close them all at once."""
    publish(at=MORNING, followed_by=(ann := reader_in()))
    clock.now = MORNING + timedelta(days=2)
    planning.begin()
    execute(Job.objects.get().pk)
    clock.now += timedelta(days=1)
    assert tick() == ["posts.send_digests"]
    assert mailbox.messages == []
    assert Digest.objects.get(user=ann).state == "missed"
    assert "digests_missed zone=UTC day=2026-03-06 count=2" in caplog.text


def test_a_day_that_is_over_before_it_was_planned_is_not_planned(clock: Clock, mailbox: Mailbox) -> None:
    publish(at=MORNING, followed_by=reader_in())
    clock.now = MORNING + timedelta(days=2)
    planning.begin()
    clock.now += timedelta(days=1)
    assert tick() == ["posts.plan_digests"]
    assert (mailbox.messages, states()) == ([], {})


def test_whoever_moves_has_one_mail_a_day_and_none_on_their_saturday(clock: Clock, mailbox: Mailbox) -> None:
    east, west = reader_in("Asia/Tokyo"), reader_in("Asia/Tokyo")
    seller = publish(at=MORNING - timedelta(days=1), followed_by=east).seller
    Profile.objects.filter(user=seller).update(digest=False)
    Follow.objects.create(follower=west, followee=seller)
    clock.now = datetime(2026, 3, 3, 21, 0, tzinfo=UTC)  # Wednesday, six in Tokyo
    tick()
    # After their mail, to where it becomes Wednesday morning once more.
    Profile.objects.filter(user=west).update(timezone="America/New_York")
    clock.now = datetime(2026, 3, 4, 11, 0, tzinfo=UTC)
    tick()
    assert mailbox.counts() == {east.email: 1, west.email: 1}
    # It is Friday morning in New York when their mail is planned, and Saturday where they have gone when it is sent.
    clock.now = datetime(2026, 3, 6, 11, 0, tzinfo=UTC)
    publish(at=clock.now - timedelta(hours=1), seller=seller)
    planning.begin()
    for job in Job.objects.filter(task="posts.plan_digests"):
        execute(job.pk)
    Profile.objects.filter(user=west).update(timezone="Pacific/Kiritimati")
    tick()
    assert mailbox.counts()[west.email] == 1
    assert Digest.objects.get(user=west, local_date=date(2026, 3, 6)).state == "missed"


def test_any_number_of_ticks_and_repeated_jobs_send_one_mail(clock: Clock, mailbox: Mailbox) -> None:
    people = [reader_in() for _ in range(3)]
    for person in people:
        publish(at=MORNING - timedelta(hours=1), followed_by=person)
    for minutes in range(5):
        clock.now = MORNING + timedelta(minutes=minutes)
        tick()
        tick()
    for person in people:
        assert len(mailbox.to(person.email)) == 1
    # As if a worker had died after the plan's last chunk and before its end.
    Job.objects.create(
        task="posts.plan_digests", queue="mail", args={"day": "2026-03-04", "zone": "UTC"}, enqueue_at=MORNING
    )
    later()
    assert set(mailbox.counts().values()) == {1}


@pytest.mark.django_db(transaction=True)
def test_two_beats_at_the_same_moment_begin_a_day_once(clock: Clock) -> None:
    for zone in ("UTC", "Europe/Berlin", "Asia/Tokyo"):
        reader_in(zone)
    begun = at_once([planning.begin] * 4)
    assert Counter(one for each in begun for one in each) == Counter(
        (zone, MORNING.date()) for zone in ("UTC", "Europe/Berlin", "Asia/Tokyo")
    )
    assert Job.objects.count() == DigestRun.objects.count() == 3


def test_many_people_are_planned_in_pieces(
    readers: Callable[[int], list[User]], mailbox: Mailbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(planning, "CHUNK", 3)
    monkeypatch.setattr(planning, "SMALL", 4)
    monkeypatch.setattr("posts.digests.sending.BATCH", 2)
    people = readers(20)
    jobs = Counter(tick())
    assert mailbox.counts() == {person.email: 1 for person in people}
    assert jobs["posts.plan_digests"] == 1
    # Four lanes of five people, two at a time.
    assert jobs["posts.send_digests"] == 12


def test_a_plan_that_is_killed_goes_on_where_it_was(
    readers: Callable[[int], list[User]], mailbox: Mailbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(planning, "CHUNK", 3)
    people = readers(8)
    chunks = []
    write = planning.write_rows

    def die_at_the_third(day: date, zone: str, ids: list[int]) -> None:
        write(day, zone, ids)
        chunks.append(ids)
        if len(chunks) == 3:
            raise KeyboardInterrupt  # goes past everything, as a kill does

    monkeypatch.setattr(planning, "write_rows", die_at_the_third)
    with pytest.raises(KeyboardInterrupt):
        tick()
    assert Digest.objects.count() == 6
    later()
    assert [len(ids) for ids in chunks] == [3, 3, 2, 2]
    assert mailbox.counts() == {person.email: 1 for person in people}


@pytest.mark.parametrize("people", [1, 300])
def test_a_tick_costs_the_same_however_many_people_there_are(clock: Clock, people: int) -> None:
    zones = ("UTC", "Europe/Berlin")
    for number in range(people):
        reader_in(zones[number % 2])
    planning.begin()
    with CaptureQueriesContext(connection) as queries:
        assert planning.begin() == []
    # Two that close what was left, the zones, and which of them have begun.
    assert len(queries) == 4


def test_what_a_dead_job_left_open_is_closed_two_days_later(clock: Clock, mailbox: Mailbox) -> None:
    day = MORNING.date() - timedelta(days=2)
    for state in ("pending", "sending", "sent"):
        Digest.objects.create(user=reader_in(), local_date=day, timezone="UTC", state=state)
    tick()
    assert Counter(Digest.objects.filter(local_date=day).values_list("state", flat=True)) == {
        "missed": 1, "ambiguous": 1, "sent": 1,
    }  # fmt: skip


def test_one_query_counts_the_states(readers: Callable[[int], list[User]], mailbox: Mailbox) -> None:
    readers(3)
    tick()
    Digest.objects.create(user=reader_in(), local_date=date(2026, 1, 1), timezone="UTC", state="ambiguous")
    with CaptureQueriesContext(connection) as queries:
        found = counts(since=MORNING.date())
    assert len(queries) == 1
    assert (found["sent"], found["ambiguous"], sum(found.values())) == (3, 0, 3)
    assert counts(since=date(2026, 1, 1))["ambiguous"] == 1
    assert set(found) == set(Digest.State.values)


def test_the_ledger_is_kept_for_sixty_days(db: None) -> None:
    today = datetime.now(UTC).date()
    for days in (0, 59, 61, 400):
        Digest.objects.create(user=reader_in(), local_date=today - timedelta(days=days), timezone="UTC", state="sent")
        DigestRun.objects.create(local_date=today - timedelta(days=days), timezone="UTC")
    Digest.objects.create(user=reader_in(), local_date=today - timedelta(days=61), timezone="UTC", state="pending")
    assert trim() == 4
    assert sorted((today - day).days for day in DigestRun.objects.values_list("local_date", flat=True)) == [0, 59]
    assert sorted((today - day).days for day in Digest.objects.values_list("local_date", flat=True)) == [0, 59, 61]
