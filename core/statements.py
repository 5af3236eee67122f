"""Statements that PostgreSQL plans once for each session: of what a list took there, two thirds were planning."""

from collections.abc import Mapping, Sequence
from itertools import count
from typing import Any
from weakref import WeakKeyDictionary

from django.conf import settings
from django.db.models import Field, Value

# Statements that a session keeps; what comes later is planned each time.
MOST = 200

_serials = count()
# Of each session: the statements it knows, by serial and limit.
_known: WeakKeyDictionary[Any, dict[tuple[int, int | None], str]] = WeakKeyDictionary()


class Parameter(Value):
    """A value that is given at each run, under `name`: one of Python's that `output_field` stores."""

    def __init__(self, name: str, output_field: "Field[Any, Any]") -> None:
        super().__init__(name, output_field=output_field)

    def as_sql(self, compiler: Any, connection: Any) -> Any:
        return "%s", [self]


class Statement:
    """`sql` with `%s` for each of `params`: constants, and Parameters whose values are given at each run.

    A name may come any number of times (the viewer of a list of posts comes fifty times); it is sent once.
    """

    def __init__(self, sql: str, params: Sequence[Any]) -> None:
        self._sql, self._params = sql, params
        self._parameters = {param.value: param.output_field for param in params if isinstance(param, Parameter)}
        self._serial = next(_serials)

    def execute(self, cursor: Any, connection: Any, values: Mapping[str, Any], *, limit: int | None = None) -> None:
        """Runs it with VALUES, Python's own, by the names of the parameters, and at most LIMIT rows."""
        given = {name: field.get_db_prep_value(values[name], connection) for name, field in self._parameters.items()}
        if connection.vendor == "postgresql" and settings.PREPARED_STATEMENTS:
            known = _known.setdefault(connection.connection, {})
            name = known.get((self._serial, limit))
            if name is None and len(known) < MOST:
                name = known[self._serial, limit] = self._prepare(connection, limit, f"simmer_{len(known)}")
            if name is not None:
                arguments = f" ({', '.join(['%s'] * len(given))})" if given else ""
                cursor.execute(f"EXECUTE {name}{arguments}", list(given.values()))
                return
        params = [given[param.value] if isinstance(param, Parameter) else param for param in self._params]
        # A literal: a plan for any limit would be one for many rows.
        cursor.execute(self._sql + (f" LIMIT {limit}" if limit is not None else ""), params)

    def _prepare(self, connection: Any, limit: int | None, name: str) -> str:
        pieces = self._sql.split("%s")
        numbers = {name: number for number, name in enumerate(self._parameters, 1)}
        with connection.connection.cursor() as cursor:
            values = [
                f"${numbers[param.value]}" if isinstance(param, Parameter) else cursor.mogrify("%s", [param]).decode()
                for param in self._params
            ]
            text = "".join(piece.replace("%%", "%") + value for piece, value in zip(pieces, [*values, ""], strict=True))
            cursor.execute(f"PREPARE {name} AS {text}" + (f" LIMIT {limit}" if limit is not None else ""))
        return name
