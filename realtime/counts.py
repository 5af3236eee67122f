"""What this process has done for its sockets, as plain numbers that only its event loop changes: no lock, no call.

One addition for each batch of pushes is all that a delivery costs; `realtime.metrics` reads them when somebody asks.
"""

from collections import Counter
from dataclasses import dataclass, field


@dataclass(slots=True)
class Counts:
    """Since the process began."""

    opened: int = 0
    # By code, of those that this side closed.
    closed: Counter[int] = field(default_factory=Counter)
    # Events times readers.
    deliveries: int = 0
    # Readers that were dropped because they did not read.
    slow: int = 0
    # Reads of the store because the bus had not brought what was next.
    fills: int = 0


counts = Counts()
