"""The mail server refuses, puts off, hangs up or is away; workers die at the worst moments. Nobody has two mails."""

from collections.abc import Callable
from typing import Any

import pytest

from accounts.models import User
from posts.digests import ledger, sending
from posts.models import Digest
from realtime.models import Job
from tests.mailbox import HANG_UP, Mailbox
from tests.posts.digests.conftest import later, states, tick

pytestmark = pytest.mark.django_db
Readers = Callable[[int], list[User]]


def of(people: list[User], *numbers: int) -> set[str]:
    return {people[number].email for number in numbers}


def test_many_go_over_one_connection(readers: Readers, mailbox: Mailbox) -> None:
    readers(30)
    tick()
    assert (len(mailbox.messages), mailbox.connections) == (30, 1)


@pytest.mark.parametrize("step", ["before_rcpt", "before_data"])
def test_who_is_refused_for_good_fails_alone(readers: Readers, mailbox: Mailbox, step: str) -> None:
    people = readers(5)
    bad = of(people, 1, 3)
    setattr(mailbox, step, lambda address: "550 unknown" if address in bad else None)
    tick()
    assert states() == {"sent": 3, "failed": 2}
    assert set(mailbox.counts()) == of(people, 0, 2, 4)
    assert set(Digest.objects.filter(state="failed").values_list("note", flat=True)) == {"550"}
    assert not Job.objects.exists()


def test_who_is_put_off_is_tried_later_and_the_others_are_not(readers: Readers, mailbox: Mailbox) -> None:
    people = readers(5)
    bad = of(people, 1, 3)
    mailbox.before_rcpt = lambda address: "451 greylisted" if address in bad else None
    tick()
    assert states() == {"sent": 3, "pending": 2}
    mailbox.before_rcpt = lambda address: None
    later()
    assert states() == {"sent": 5}
    assert mailbox.counts() == {person.email: 1 for person in people}


def test_who_is_put_off_again_and_again_is_given_up(readers: Readers, mailbox: Mailbox) -> None:
    readers(2)
    mailbox.before_data = lambda address: "452 no room"
    tick()
    for _ in range(ledger.TRIES - 1):
        assert states() == {"pending": 2}
        later()
    assert states() == {"failed": 2}
    assert not Job.objects.exists()


def test_a_connection_that_breaks_between_two_mails_costs_none(readers: Readers, mailbox: Mailbox) -> None:
    people = readers(6)
    broken: list[str] = []

    def hang_up_at_the_fourth(address: str) -> str | None:
        if address == people[3].email and not broken:
            broken.append(address)
            return HANG_UP
        return None

    mailbox.before_rcpt = hang_up_at_the_fourth
    tick()
    assert states() == {"sent": 6}
    assert (set(mailbox.counts().values()), mailbox.connections) == ({1}, 2)


@pytest.mark.parametrize(("step", "arrived"), [("before_data", False), ("after_data", True)])
def test_a_connection_that_breaks_at_the_text_is_counted_and_not_repeated(
    readers: Readers, mailbox: Mailbox, step: str, arrived: bool
) -> None:
    people = readers(6)
    [bad] = of(people, 3)
    setattr(mailbox, step, lambda address: HANG_UP if address == bad else None)
    tick()
    tick()
    assert states() == {"sent": 5, "ambiguous": 1}
    assert mailbox.counts() == {person.email: 1 for person in people if arrived or person.email != bad}
    assert not Job.objects.exists()


def test_a_server_that_goes_away_in_the_middle_is_waited_for(readers: Readers, mailbox: Mailbox) -> None:
    people = readers(6)
    mailbox.before_rcpt = lambda address: "421 going down" if len(mailbox.messages) == 3 else None
    tick()
    assert states() == {"sent": 3, "pending": 3}
    [job] = Job.objects.all()
    assert (job.state, job.attempts) == ("queued", 0), "it is the server's failure, not the job's"
    mailbox.stop()
    later()
    assert states() == {"sent": 3, "pending": 3}
    mailbox.start()
    mailbox.before_rcpt = lambda address: None
    later()
    assert states() == {"sent": 6}
    assert mailbox.counts() == {person.email: 1 for person in people}


def test_one_at_which_the_server_always_hangs_up_holds_up_the_others_for_a_while(
    readers: Readers, mailbox: Mailbox
) -> None:
    people = readers(4)
    [bad] = of(people, 1)
    mailbox.before_rcpt = lambda address: HANG_UP if address == bad else None
    tick()
    for _ in range(ledger.TRIES - 1):
        assert states() == {"sent": 1, "pending": 3}
        later()
    assert states() == {"sent": 1, "failed": 1, "pending": 2}
    later()
    assert states() == {"sent": 3, "failed": 1}


def test_an_address_that_no_envelope_takes_fails_alone(readers: Readers, mailbox: Mailbox) -> None:
    people = readers(3)
    User.objects.filter(pk=people[1].pk).update(email="not an address@@example.com")
    tick()
    assert states() == {"sent": 2, "failed": 1}
    assert set(mailbox.counts()) == of(people, 0, 2)


class Death(BaseException):
    """Goes past everything that looks at errors, as a kill does."""


def dies_at(monkeypatch: pytest.MonkeyPatch, owner: Any, name: str, *, call: int, after: bool) -> None:
    """The worker dies at the CALLth call of that function, before or after it has done its work."""
    whole, calls = getattr(owner, name), []

    def deadly(*args: Any, **kwargs: Any) -> Any:
        calls.append(1)
        if len(calls) == call and not after:
            raise Death
        result = whole(*args, **kwargs)
        if len(calls) == call:
            raise Death
        return result

    monkeypatch.setattr(owner, name, deadly)


@pytest.mark.parametrize(
    ("name", "after", "left", "mails"),
    [
        ("claim", False, {"sent": 4}, 4),
        ("claim", True, {"sent": 3, "ambiguous": 1}, 3),
        ("sent", False, {"sent": 3, "ambiguous": 1}, 4),
        ("sent", True, {"sent": 4}, 4),
    ],
    ids=["before the claim", "after the claim", "after sending", "after all"],
)
def test_a_worker_that_dies_at_any_moment_sends_no_mail_twice(
    readers: Readers, mailbox: Mailbox, monkeypatch: pytest.MonkeyPatch,
    name: str, after: bool, left: dict[str, int], mails: int,
) -> None:  # fmt: skip
    readers(4)
    dies_at(monkeypatch, ledger, name, call=2, after=after)
    with pytest.raises(Death):
        tick()
    later()
    assert states() == left
    assert len(mailbox.messages) == mails
    assert set(mailbox.counts().values()) == {1}
    assert not Job.objects.exists()


def test_a_job_that_is_killed_more_often_than_jobs_may_be_gets_on(
    readers: Readers, mailbox: Mailbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    people = readers(12)
    for _ in range(9):
        with monkeypatch.context() as patch:
            dies_at(patch, ledger, "sent", call=1, after=True)
            with pytest.raises(Death):
                later() if Job.objects.exists() else tick()
    later()
    assert states() == {"sent": 12}
    assert mailbox.counts() == {person.email: 1 for person in people}


def test_a_worker_that_was_taken_for_dead_and_is_not_sends_nothing_twice(
    readers: Readers, mailbox: Mailbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It stalls while a mail is on its way; another worker runs its job to the end; then it wakes up."""
    people = readers(4)
    whole, woken = ledger.sent, []

    def stall_at_the_second(digest: Digest) -> None:
        if digest.user_id == people[1].pk:
            monkeypatch.setattr(ledger, "sent", whole)
            woken.append(later())
            assert states() == {"sent": 3, "ambiguous": 1}
        whole(digest)

    monkeypatch.setattr(ledger, "sent", stall_at_the_second)
    tick()
    assert woken == [["posts.send_digests"] * 2]
    assert states() == {"sent": 4}, "who knows better says so"
    assert mailbox.counts() == {person.email: 1 for person in people}
    assert not Job.objects.exists()


def test_one_that_cannot_be_written_holds_up_no_other(
    readers: Readers, mailbox: Mailbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    people = readers(4)
    whole = sending.write

    def fails_for_one(user: User, *args: Any, **kwargs: Any) -> Any:
        if user == people[1]:
            raise ZeroDivisionError
        return whole(user, *args, **kwargs)

    monkeypatch.setattr(sending, "write", fails_for_one)
    tick()
    assert states() == {"sent": 3, "failed": 1}
    assert Digest.objects.get(state="failed").note == "ZeroDivisionError"


def test_no_address_is_in_the_log(readers: Readers, mailbox: Mailbox, caplog: pytest.LogCaptureFixture) -> None:
    people = readers(4)
    answers = iter(["550 no", "451 later", HANG_UP])
    mailbox.before_data = lambda address: next(answers, None)
    tick()
    assert states() == {"failed": 1, "pending": 1, "ambiguous": 1, "sent": 1}
    ours = " ".join(record.getMessage() for record in caplog.records)
    assert "digests_ambiguous" in ours
    assert not any(person.email in ours for person in people)
