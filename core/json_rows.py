"""Rows of another table inside a row, as JSON text made by the database: a list with its parts stays one query.

    Subquery(PostMedia.objects.filter(post=OuterRef("pk")).order_by().values(json=JsonArray("position", "media_id")))

The keys are the names as given. UUIDs are text, on SQLite without hyphens; dates are not for this, for each database
writes them its own way.
"""

from typing import Any

from django.db.models import BooleanField, Field, Func, JSONField, TextField
from django.db.models.sql.compiler import SQLCompiler


class JsonObject(Func):
    """`{"name": value, ...}` of the row's fields NAMES."""

    output_field: "Field[Any, Any]" = TextField()
    array = False

    def __init__(self, *names: str, **extra: Any) -> None:
        super().__init__(*names, **extra)
        self.names = names

    def as_sql(self, compiler: SQLCompiler, connection: Any, **extra: Any) -> tuple[str, list[Any]]:  # type: ignore[override]
        sqlite = connection.vendor == "sqlite"
        parts: list[str] = []
        params: list[Any] = []
        for name, expression in zip(self.names, self.get_source_expressions(), strict=True):
            sql, given = compiler.compile(expression)
            # SQLite keeps JSON as text.
            parts.append(f"'{name}', json({sql})" if sqlite and _is_json(expression) else f"'{name}', {sql}")
            params += given
        built = f"{'json_object' if sqlite else 'json_build_object'}({', '.join(parts)})"
        if self.array:
            built = f"{'json_group_array' if sqlite else 'json_agg'}({built})"
        return built if sqlite else f"{built}::text", params


class JsonArray(JsonObject):
    """`[{"name": value, ...}, ...]` of all the rows, in no order. Of none it is null or empty."""

    array = True


class AmongIds(Func):
    """Whether a whole number is among those of a JSON array: `AmongIds("pk", Parameter("ids", TextField()))`.

    One parameter whatever their number, so that the statement is prepared once.
    """

    output_field: "Field[Any, Any]" = BooleanField()
    conditional = True

    def __init__(self, number: Any, ids: Any) -> None:
        super().__init__(number, ids)

    def as_sql(self, compiler: SQLCompiler, connection: Any, **extra: Any) -> tuple[str, list[Any]]:  # type: ignore[override]
        (number, given), (ids, listed) = map(compiler.compile, self.get_source_expressions())
        if connection.vendor == "sqlite":
            among = f"{number} IN (SELECT value FROM json_each({ids}))"  # noqa: S608
        else:
            among = f"{number} = ANY (translate({ids}, '[]', '{{}}')::bigint[])"
        return among, [*given, *listed]


def _is_json(expression: Any) -> bool:
    return isinstance(expression.output_field, JSONField)
