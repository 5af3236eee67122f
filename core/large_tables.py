"""The admin's pages for tables of any size: with a million rows nothing on them costs more than with a thousand.

    @admin.register(Post)
    class PostAdmin(LookedAtAdmin):
        list_display = ["id", "author", "text"]
        list_select_related = ["author"]
        finders = (Key(), Person("author", only_with_at=True), Words(posts_with))

Rows are not counted, and sorted by an index alone: the first `FirstRows.most` have page numbers, and a link goes on
from there by key. What filters and finders ask has an index, too; tests/admin/test_plans.py holds every list to that.
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any, ClassVar, Protocol
from uuid import UUID

from django.contrib import admin, messages
from django.contrib.admin.views.main import ORDER_VAR, PAGE_VAR, ChangeList
from django.contrib.auth import get_user_model
from django.core.paginator import Paginator
from django.db import models, transaction
from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect

from core.errors import DomainError, Invalid

Rows = QuerySet[Any, Any]
_MAX_ID = 2**63 - 1


# --- Lists -----------------------------------------------------------------------------------------


class FirstRows(Paginator):  # type: ignore[type-arg]
    """Pages of the first `most` rows. `is_cut_off`: there are more."""

    most = 1_000

    @cached_property
    def _found(self) -> int:
        rows: Rows = self.object_list  # type: ignore[assignment]
        return rows.order_by()[: self.most + 1].count()

    @cached_property
    def count(self) -> int:
        return min(self._found, self.most)

    @property
    def is_cut_off(self) -> bool:
        return self._found > self.most


class KeysetList(ChangeList):
    def get_ordering_field(self, field_name: Any) -> Any:
        """No column can be sorted by that has no index, not even by an address that is typed in."""
        is_sortable = self.sortable_by is None or field_name in self.sortable_by
        return super().get_ordering_field(field_name) if is_sortable else None

    def get_ordering(self, request: HttpRequest, queryset: Rows) -> list[Any]:
        """Equal ones in the direction of the column that is sorted by, which is how an index holds them."""
        fields: list[Any] = super().get_ordering(request, queryset)
        if ORDER_VAR not in self.params or str(fields[0]).lstrip("-") == "pk":
            return fields
        return [fields[0], "-pk" if str(fields[0]).startswith("-") else "pk"]

    @property
    def is_cut_off(self) -> bool:
        return bool(self.paginator.is_cut_off)

    @property
    def page_range(self) -> Iterator[Any]:
        numbers: Iterator[Any] = self.paginator.get_elided_page_range(self.page_num)
        return numbers

    @property
    def beyond(self) -> str:
        """The query of the rows that come after the last one of this page; "" when the order has no key for that."""
        rows = list(self.result_list)
        ordering = self.model_admin.get_ordering(self.request) or ()
        if not rows or not ordering or ORDER_VAR in self.params:
            return ""
        name = str(ordering[0])
        key = self.lookup_opts.pk.name if name.lstrip("-") == "pk" else name.lstrip("-")
        # Of what is not unique, those that are equal come once more rather than never.
        is_unique = getattr(self.lookup_opts.get_field(key), "unique", False)
        comparison = ("lt" if name.startswith("-") else "gt") + ("" if is_unique else "e")
        return self.get_query_string({f"{key}__{comparison}": getattr(rows[-1], key)}, [PAGE_VAR, f"{key}__"])

    def get_results(self, request: HttpRequest) -> None:
        self.request = request
        super().get_results(request)


# --- Finding ---------------------------------------------------------------------------------------


class Finder(Protocol):
    """One form of what may be typed into the search field."""

    @property
    def help(self) -> str: ...

    def find(self, rows: Rows, text: str) -> Rows | None:
        """Those of ROWS that TEXT means; None when it has not this form."""


@dataclass(frozen=True)
class Key:
    """`17`: the row of that id; with a field, `recipe:17`: those of that recipe."""

    field: str = ""

    @property
    def help(self) -> str:
        return f"{self.field}:17" if self.field else "an id"

    def find(self, rows: Rows, text: str) -> Rows | None:
        prefix = f"{self.field}:" if self.field else ""
        if not text.lower().startswith(prefix):
            return None
        field = rows.model._meta.get_field(self.field) if self.field else rows.model._meta.pk
        target = field.target_field if isinstance(field, models.ForeignKey) else field
        value = _key_of(target, text[len(prefix) :])
        return None if value is None else rows.filter(**{self.field or "pk": value})


def _key_of(field: Any, text: str) -> Any:
    if isinstance(field, models.UUIDField):
        try:
            return UUID(text)
        except ValueError:
            return None
    return int(text) if text.isascii() and text.isdigit() and int(text) <= _MAX_ID else None


@dataclass(frozen=True, init=False)
class Person:
    """`@ann`, `ann` or her e-mail: the rows of that person, by any of the fields. "" stands for the rows themselves."""

    fields: tuple[str, ...]
    only_with_at: bool

    def __init__(self, *fields: str, only_with_at: bool = False) -> None:
        object.__setattr__(self, "fields", fields)
        object.__setattr__(self, "only_with_at", only_with_at)

    @property
    def help(self) -> str:
        return "@username or an e-mail" if self.only_with_at else "a username or an e-mail"

    def find(self, rows: Rows, text: str) -> Rows | None:
        if " " in text or (self.only_with_at and "@" not in text):
            return None
        people: Any = get_user_model()._default_manager
        name = text.removeprefix("@")
        # Its id first, in a query of its own: then the planner knows whose rows it looks for.
        person = (people.with_email(name) if "@" in name else people.named(name)).values_list("pk", flat=True).first()
        if person is None:
            return rows.none()
        wanted = Q()
        for field in self.fields:
            wanted |= Q(**{field or "pk": person})
        return rows.filter(wanted)


@dataclass(frozen=True)
class Exactly:
    """The whole value of a field."""

    field: str

    @property
    def help(self) -> str:
        return f"a whole {self.field.replace('_', ' ')}"

    def find(self, rows: Rows, text: str) -> Rows | None:
        return rows.filter(**{self.field: text})


@dataclass(frozen=True)
class Words:
    """Words, as the app's own search finds them; `find_words` may raise Invalid."""

    find_words: Callable[[Any, str], Rows]

    @property
    def help(self) -> str:
        return "words"

    def find(self, rows: Rows, text: str) -> Rows | None:
        try:
            return self.find_words(rows, text)
        except Invalid:
            return rows.none()


def only(title: str, condition: Q) -> type[admin.SimpleListFilter]:
    """A filter with one choice beside "All": the rows of a partial index."""

    class Only(admin.SimpleListFilter):
        parameter_name = "only_" + re.sub(r"\W+", "_", title)

        def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
            return [("yes", "Only these")]

        def queryset(self, request: HttpRequest, queryset: Rows) -> Rows:
            return queryset.filter(condition) if self.value() == "yes" else queryset

    Only.title = title
    return Only


# --- Pages -----------------------------------------------------------------------------------------


class LargeTableAdmin(admin.ModelAdmin):  # type: ignore[type-arg]
    """See the module. What an action's service refuses (a DomainError) is said, and nothing of the action is done."""

    paginator = FirstRows
    ordering: ClassVar[tuple[str, ...]] = ("-pk",)
    sortable_by: ClassVar[tuple[str, ...]] = ()
    list_per_page = 50
    list_max_show_all = 0
    show_full_result_count = False
    show_facets = admin.ShowFacets.NEVER
    change_list_template = "core/admin/change_list.html"
    finders: ClassVar[tuple[Finder, ...]] = (Key(),)

    def __init__(self, model: Any, admin_site: Any) -> None:
        super().__init__(model, admin_site)
        # A choice of all rows is no choice.
        self.raw_id_fields = [  # type: ignore[misc]
            field.name for field in model._meta.fields if field.remote_field
        ]
        told = "Finds by " + ", or ".join(finder.help for finder in self.finders) + "."
        self.search_help_text = told  # type: ignore[misc]

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[ChangeList]:
        return KeysetList

    def get_search_fields(self, request: HttpRequest) -> list[str]:
        return [finder.help for finder in self.finders]

    def get_search_results(self, request: HttpRequest, queryset: Rows, search_term: str) -> tuple[Rows, bool]:
        text = search_term.strip()
        if not text:
            return queryset, False
        for finder in self.finders:
            if (found := finder.find(queryset, text)) is not None:
                return found, False
        return queryset.none(), False

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:
        if request.method != "POST":
            return super().changelist_view(request, extra_context)
        return self._or_say_why(request, lambda: super(LargeTableAdmin, self).changelist_view(request, extra_context))

    def delete_view(self, request: HttpRequest, object_id: str, extra_context: Any = None) -> HttpResponse:
        if request.method != "POST":
            return super().delete_view(request, object_id, extra_context)
        return self._or_say_why(
            request, lambda: super(LargeTableAdmin, self).delete_view(request, object_id, extra_context)
        )

    def _or_say_why(self, request: HttpRequest, view: Callable[[], HttpResponse]) -> HttpResponse:
        try:
            with transaction.atomic():
                return view()
        except DomainError as error:
            self.message_user(request, f"Nothing was done: {error.detail}", messages.ERROR)
            return HttpResponseRedirect(request.get_full_path())


class LookedAt:
    """Nothing is added, changed or deleted: a row that no service wrote is not counted, and nobody hears of it."""

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


class LookedAtAdmin(LookedAt, LargeTableAdmin):
    """To look at."""


class RemovedAdmin(LookedAtAdmin):
    """To look at, and for moderators, as in the API, to remove: by a service, which counts, tells and audits it."""

    def remove(self, moderator: Any, row: Any) -> None:
        """Calls the service. A DomainError of it is said, and nothing is removed."""
        raise NotImplementedError

    def why_not(self, row: Any) -> str:
        """Why this row cannot be removed; "" when it can."""
        return ""

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return bool(getattr(request.user, "is_moderator", False))

    def get_deleted_objects(self, objs: Any, request: HttpRequest) -> Any:
        """The rows alone: what hangs on them may be a million more, and needs no right of its own."""
        rows = list(objs)
        refused = [f"{row}: {why}" for row in rows if (why := self.why_not(row))]
        return [str(row) for row in rows], {self.opts.verbose_name_plural: len(rows)}, set(), refused

    def delete_model(self, request: HttpRequest, obj: Any) -> None:
        self.remove(request.user, obj)

    def delete_queryset(self, request: HttpRequest, queryset: Rows) -> None:
        for row in queryset:
            self.remove(request.user, row)
