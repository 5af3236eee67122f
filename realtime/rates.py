"""How many commands a client may send: a token bucket for each connection, without clock or I/O of its own."""

from enum import Enum

# A client that goes on after so many refusals, as multiples of its burst, is closed.
PATIENCE = 10


class Answer(Enum):
    RUN = "run"
    REFUSE = "refuse"
    CLOSE = "close"


class CommandRate:
    """At most `burst` commands at once and `per_second` of them in the long run; the refused ones are counted too.

    Refusals are forgotten at the same pace, so that one who sends a little too much is refused some, and never closed.
    """

    __slots__ = ("_at", "_refused", "_spent")

    def __init__(self) -> None:
        self._at = 0.0
        self._spent = 0.0
        self._refused = 0.0

    def count(self, now: float, *, per_second: float, burst: int) -> Answer:
        """What is to be done with a command that comes at `now` (seconds of a clock that never goes back)."""
        forgotten = (now - self._at) * per_second
        self._at = now
        self._spent = max(0.0, self._spent - forgotten)
        self._refused = max(0.0, self._refused - forgotten)
        if self._spent + 1 <= burst:
            self._spent += 1
            return Answer.RUN
        self._refused += 1
        return Answer.CLOSE if self._refused > PATIENCE * burst else Answer.REFUSE
