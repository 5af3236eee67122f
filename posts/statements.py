"""SQL written by hand that has querysets in it: so that what may be seen is said in one place, `listed_for`."""

import re
from typing import Any

from django.db import connection
from django.db.models import BigAutoField, DateTimeField, Field, QuerySet

from core.statements import Parameter, Statement

# What statements are given at each run.
TYPES: dict[str, "Field[Any, Any]"] = {"viewer": BigAutoField(), "time": DateTimeField(), "post": BigAutoField()}
_PLACE = re.compile(r"%\((\w+)\)s|\{(\w+)\}")


class WrittenStatement:
    """`sql` with `%(name)s` for each parameter of TYPES and `{name}` for each of `querysets`, which may have these too.

    PostgreSQL plans it once a session (core/statements.py).
    """

    def __init__(self, sql: str, **querysets: QuerySet[Any, Any]) -> None:
        compiled = {
            name: queryset.query.get_compiler(connection=connection).as_sql() for name, queryset in querysets.items()
        }
        params: list[Any] = []

        def put(place: re.Match[str]) -> str:
            parameter, name = place.groups()
            if parameter is not None:
                params.append(Parameter(parameter, TYPES[parameter]))
                return "%s"
            text, more = compiled[name]
            params.extend(more)
            return str(text)

        text = _PLACE.sub(put, sql)
        self._statement = Statement(text, params)

    def fetch(self, **values: Any) -> list[tuple[Any, ...]]:
        """All rows (one query). VALUES are Python's; `connection`'s driver gives the rows."""
        with connection.cursor() as cursor:
            self._statement.execute(cursor, connection, values)
            rows: list[tuple[Any, ...]] = cursor.fetchall()
        return rows
