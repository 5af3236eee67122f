"""Alarms: what is wrong at this moment and needs somebody, as data. Logs, metrics, Sentry and the admin show the same.

An app registers a check for each kind from its `AppConfig.ready()`:

    register_alarm("dead_jobs", _dead_jobs, "Jobs that have failed five times.")

    def _dead_jobs() -> Mapping[str, str]:
        ...one query...
        return {"media": "3 jobs on media are dead: see Jobs in the admin."}

docs/operations.md lists every kind with what to do about it.
"""

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass

log = logging.getLogger(__name__)

# A check that itself fails is an alarm of this kind.
CHECK_FAILED = "check_failed"


@dataclass(frozen=True, order=True)
class Alarm:
    """One thing that is wrong. `kind` and `subject` (which queue, which task; "" where there is but one) name it.

    `detail` is a sentence for people: what is wrong, and what to look at first. It may change while the alarm lasts.
    """

    kind: str
    subject: str
    detail: str


# Returns {subject: detail}, nothing when all is well. Runs in any process, outside of a transaction; one query.
Check = Callable[[], Mapping[str, str]]


@dataclass(frozen=True)
class _Kind:
    check: Check
    description: str


_kinds: dict[str, _Kind] = {}


def register_alarm(kind: str, check: Check, description: str) -> None:
    """Adds a kind of alarm. KIND (snake_case) is a label of metrics and stays for good."""
    if kind in _kinds and _kinds[kind].check is not check:
        raise ValueError(f"the alarm {kind!r} is registered twice")
    _kinds[kind] = _Kind(check, description)


def alarm_kinds() -> dict[str, str]:
    """{kind: description} of all that may be raised: so that metrics show a 0 for each that is not."""
    ours = {CHECK_FAILED: "The check of another alarm fails."}
    return ours | {name: kind.description for name, kind in _kinds.items()}


def current_alarms() -> list[Alarm]:
    """What is wrong now, in the order of kind and subject. One query for each kind.

    A check that fails is an alarm too, named by the class of its error: the text may hold a password.
    """
    alarms: list[Alarm] = []
    for name, kind in _kinds.items():
        try:
            found = kind.check()
        except Exception as error:
            log.warning("alarm_check_failed kind=%s error=%s", name, type(error).__name__)
            alarms.append(Alarm(CHECK_FAILED, name, f"The check of {name} fails with {type(error).__name__}."))
        else:
            alarms += [Alarm(name, subject, detail) for subject, detail in found.items()]
    return sorted(alarms)
