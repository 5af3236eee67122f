"""Time as a number, in SQL."""

from typing import Any

from django.db.models import FloatField, Func
from django.db.models.sql.compiler import SQLCompiler


class Seconds(Func):
    """The seconds from 1970 to a moment, or to the beginning of a day (UTC)."""

    template = "EXTRACT(EPOCH FROM %(expressions)s)::double precision"
    output_field = FloatField()

    def as_sqlite(self, compiler: SQLCompiler, connection: Any, **extra: Any) -> Any:
        # The Julian day keeps the fraction; on both databases microseconds are lost, which nobody orders by.
        template = "((julianday(%(expressions)s) - 2440587.5) * 86400.0)"
        return self.as_sql(compiler, connection, template=template, **extra)
