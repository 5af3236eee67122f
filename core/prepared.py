"""Lists whose SQL Django compiles once and the process runs many times.

Of the CPU that a page of 20 recipes cost, building and compiling the same SQL again took 0.7 ms, and running it 0.2 ms.
What differs from run to run is a `Parameter` in the queryset:

    prepared = Prepared(Recipe.objects.filter(seller=Parameter("seller", BigIntegerField())).values("id", "name"))
    prepared.fetch({"seller": 7}, limit=21)
"""

from collections.abc import Callable, Hashable, Mapping, Sequence
from functools import lru_cache
from typing import Any, Generic, TypeVar

import orjson
from django.db import connections
from django.db.models import Field, JSONField, Model, QuerySet
from django.db.models.expressions import Col
from django.db.models.query import get_related_populators
from rest_framework.request import Request
from rest_framework.response import Response

from core.pages import CursorPages, field_of, than
from core.statements import Parameter as Parameter
from core.statements import Statement

M = TypeVar("M", bound=Model)
P = TypeVar("P", bound=Hashable)
# Combinations of filters, orders and directions that are kept compiled, for each list.
PLANS = 256
# What clients ask for is rounded up to one of these: a session keeps only so many statements (core/statements.py), and
# each limit is one.
LIMITS = (1, 21, 51, 101)


class Prepared:
    """The SQL of `queryset`, which must be a `.values()` one and not sliced, and how its rows are read."""

    def __init__(self, queryset: QuerySet[Any, Any]) -> None:
        self._using = queryset.db
        query = queryset.query.clone()
        compiler = query.get_compiler(self._using)
        self._statement = Statement(*compiler.as_sql())
        assert query.selected, "a .values() queryset that names its fields"
        self._names = list(query.selected)
        converters = compiler.get_converters([column for column, _, _ in compiler.select])
        # Most columns come from the driver as they are.
        self._readers = [(self._names[index], _reader(*how)) for index, how in converters.items()]

    def fetch(self, values: Mapping[str, Any], *, limit: int) -> list[dict[str, Any]]:
        """The first LIMIT rows (one query). VALUES, Python's own, holds at least the parameters of the queryset."""
        connection = connections[self._using]
        with connection.cursor() as cursor:
            rounded = next((most for most in LIMITS if most >= limit), limit)
            self._statement.execute(cursor, connection, values, limit=rounded)
            found = cursor.fetchmany(limit)
        rows = [dict(zip(self._names, row, strict=True)) for row in found]
        for name, read in self._readers:
            for row in rows:
                row[name] = read(row[name], connection)
        return rows


class PreparedInstance(Generic[M]):
    """One row of `queryset`, with its `select_related`, as instances: what `queryset.first()` gives."""

    def __init__(self, queryset: QuerySet[M, M]) -> None:
        self._using = queryset.db
        query = queryset.query.clone()
        query.clear_ordering(force=True)
        query.set_limits(high=1)
        compiler = query.get_compiler(self._using)
        self._statement = Statement(*compiler.as_sql())
        info = compiler.klass_info
        assert info is not None, "a queryset of model instances"
        self._model: type[M] = info["model"]
        self._columns = slice(info["select_fields"][0], info["select_fields"][-1] + 1)
        self._names = [column.target.attname for column, _, _ in compiler.select[self._columns]]
        # The stubs are those of Django 6, which takes one argument more.
        self._related = get_related_populators(info, compiler.select, self._using)  # type: ignore[call-arg]
        converters = compiler.get_converters([column for column, _, _ in compiler.select])
        self._readers = [(index, _reader(*how)) for index, how in converters.items()]

    def fetch(self, values: Mapping[str, Any]) -> M | None:
        """The row, if there is one (one query). VALUES as of `Prepared`."""
        connection = connections[self._using]
        with connection.cursor() as cursor:
            self._statement.execute(cursor, connection, values)
            found = cursor.fetchone()
        if found is None:
            return None
        row = list(found)
        for index, read in self._readers:
            row[index] = read(row[index], connection)
        instance = self._model.from_db(self._using, self._names, row[self._columns])
        for related in self._related:
            related.populate(row, instance)
        return instance


class PreparedPages(CursorPages[M], Generic[M, P]):
    """Cursor pages of `build(plan, beyond)`, a `.values()` queryset with parameters; each plan is compiled once.

    A plan is everything that changes the SQL: which filters there are, whether somebody is signed in. BEYOND is what
    the cursor adds, when it is a single comparison (`{"id__lt": <parameter>}`), else empty: pages apply it, and `build`
    may say the same of a joined table's column, so that its index, too, is entered at the cursor.
    """

    def __init__(
        self,
        build: Callable[[P, Mapping[str, Parameter]], QuerySet[M, dict[str, Any]]],
        *,
        order: Sequence[str] = ("-id",),
    ) -> None:
        super().__init__(order=order)
        self._build = build
        self._prepared = lru_cache(PLANS)(self._prepare)
        self._types: list[Field[Any, Any]] = []

    def respond_to(
        self,
        request: Request,
        plan: P,
        values: Mapping[str, Any],
        shape: Callable[[list[Any]], list[Any]],
        *,
        headers: dict[str, str] | None = None,
    ) -> Response:
        """As `respond`, of the queryset of PLAN with VALUES for its parameters. One query."""

        def read(order: Sequence[str], after: Sequence[Any] | None, count: int) -> list[Any]:
            beyond = zip(map(_after, self.fields), after or (), strict=after is not None)
            return self._prepared(plan, tuple(order), after is not None).fetch({**values, **dict(beyond)}, limit=count)

        if not self._types:  # the same for every plan
            self._types = [field_of(self._build(plan, {}), name) for name in self.fields]
        return self._respond(request, self._types, read, shape, headers)

    def _prepare(self, plan: P, order: tuple[str, ...], after: bool) -> Prepared:
        if not after:
            return Prepared(self._build(plan, {}).order_by(*order))
        last = [Parameter(_after(name), field) for name, field in zip(self.fields, self._types, strict=True)]
        beyond = {f"{self.fields[0]}__{than(order[0])}": last[0]} if len(order) == 1 else {}
        return Prepared(self._build(plan, beyond).order_by(*order).filter(self._after(order, last)))


def _after(field: str) -> str:
    """The parameter that holds the last row's FIELD. (No parameter of a queryset has a space.)"""
    return f"after {field}"


def _reader(converters: Sequence[Callable[..., Any]], expression: Any) -> Callable[[Any, Any], Any]:
    """What turns a column as the driver gives it into what the field says."""
    if isinstance(expression, Col) and type(expression.target) is JSONField and expression.target.decoder is None:
        return _read_json

    def read(value: Any, connection: Any) -> Any:
        for converter in converters:
            value = converter(value, expression, connection)
        return value

    return read


def _read_json(value: Any, connection: Any) -> Any:
    return None if value is None else orjson.loads(value)
