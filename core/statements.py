"""Statements that PostgreSQL plans once for each session: of what a list took there, two thirds were planning."""

from collections.abc import Mapping, Sequence
from itertools import count
from typing import Any
from weakref import WeakKeyDictionary

from django.conf import settings

# Statements that a session keeps; what comes later is planned each time.
MOST = 200

_serials = count()
# Of each session: the statements it knows, by serial and limit.
_known: WeakKeyDictionary[Any, dict[tuple[int, int | None], str]] = WeakKeyDictionary()


class Statement:
    """`sql` with `%s` for each of `params`, of which those that are given at each run are in `variable` by index."""

    def __init__(self, sql: str, params: Sequence[Any], variable: Mapping[int, Any]) -> None:
        self._sql, self._params, self._variable = sql, params, variable
        self._serial = next(_serials)

    def execute(self, cursor: Any, connection: Any, given: Sequence[Any], *, limit: int | None = None) -> None:
        """Runs it with `given`, the variable parameters in their order, and at most `limit` rows."""
        if connection.vendor == "postgresql" and settings.PREPARED_STATEMENTS:
            known = _known.setdefault(connection.connection, {})
            name = known.get((self._serial, limit))
            if name is None and len(known) < MOST:
                name = known[self._serial, limit] = self._prepare(connection, limit, f"simmer_{len(known)}")
            if name is not None:
                arguments = f" ({', '.join(['%s'] * len(given))})" if given else ""
                cursor.execute(f"EXECUTE {name}{arguments}", list(given))
                return
        rest = iter(given)
        params = [next(rest) if index in self._variable else param for index, param in enumerate(self._params)]
        # A literal: a plan for any limit would be one for many rows.
        cursor.execute(self._sql + (f" LIMIT {limit}" if limit is not None else ""), params)

    def _prepare(self, connection: Any, limit: int | None, name: str) -> str:
        pieces = self._sql.split("%s")
        with connection.connection.cursor() as cursor:
            numbers = count(1)
            values = [
                f"${next(numbers)}" if index in self._variable else cursor.mogrify("%s", [param]).decode()
                for index, param in enumerate(self._params)
            ]
            text = "".join(piece.replace("%%", "%") + value for piece, value in zip(pieces, [*values, ""], strict=True))
            cursor.execute(f"PREPARE {name} AS {text}" + (f" LIMIT {limit}" if limit is not None else ""))
        return name
