"""The standby relay takes over in under five seconds, whatever has become of the first one."""

import signal
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.faults.wire import Wire
from tests.realtime.relay_process import SECONDS, RelayProcess, database_url
from tests.relaying import assert_dense, nothing_waits, steady_writing, working_numbers
from tests.stack import wait_until

pytestmark = pytest.mark.django_db(transaction=True)

TAKEOVER_SECONDS = 5


def kill(relay: RelayProcess, wire: Wire) -> None:
    relay.kill()


def freeze(relay: RelayProcess, wire: Wire) -> None:
    relay.process.send_signal(signal.SIGSTOP)


def cut_off(relay: RelayProcess, wire: Wire) -> None:
    wire.cut()


@pytest.mark.parametrize("fault", [kill, freeze, cut_off])
def test_the_standby_takes_over_within_five_seconds(
    tmp_path: Path, fault: Callable[[RelayProcess, Wire], None]
) -> None:
    with (
        Wire(database_url()) as wire,
        RelayProcess(tmp_path, name="first", DATABASE_URL=wire.url) as first,
    ):
        first.wait_for("relay.started")
        with RelayProcess(tmp_path, name="second") as second, steady_writing():
            second.wait_for("relay.standby")
            wait_until(working_numbers(), what="numbers by the first relay")
            began = time.monotonic()
            fault(first, wire)
            wait_until(lambda: "relay.started" in second.log, seconds=TAKEOVER_SECONDS, what="the takeover")
            wait_until(working_numbers(), seconds=began + TAKEOVER_SECONDS - time.monotonic(), what="its numbers")
            print(f"after {fault.__name__}: {time.monotonic() - began:.2f} s")
            # The first one comes back, with whatever it was at: it has lost the lock, and ends.
            wire.mend()
            if fault is not kill:
                first.process.send_signal(signal.SIGCONT)
                assert first.process.wait(SECONDS) == 1
                assert "relay.failed" in first.log
            wait_until(working_numbers(), what="numbers by the second relay")
        second.wait_for("relay.started")
        with RelayProcess(tmp_path, name="third"):
            wait_until(nothing_waits)
    assert_dense()
