"""Which routes there are, asked of the resolver, and tables of what each is to answer."""

from collections.abc import Iterator

from django.urls import URLPattern, URLResolver

METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")


def routes(resolver: URLResolver, namespace: str = "") -> Iterator[tuple[str, URLPattern]]:
    """(name, pattern) of all that the resolver knows, names with their namespace."""
    for entry in resolver.url_patterns:
        if isinstance(entry, URLResolver):
            yield from routes(entry, f"{namespace}{entry.namespace}:" if entry.namespace else namespace)
        else:
            yield f"{namespace}{entry.name or entry.pattern}", entry


def keys_of(pattern: URLPattern) -> set[str]:
    """The names in `/users/<str:username>/` and `(?P<username>...)`."""
    return set(pattern.pattern.converters) | set(pattern.pattern.regex.groupindex)


def methods_of(pattern: URLPattern) -> set[str]:
    """What the view says it takes; of a plain function view that is GET, and the next test shows that it is all."""
    view_class = getattr(pattern.callback, "view_class", None) or getattr(pattern.callback, "cls", None)
    if view_class is None:
        return {"GET"}
    return {method for method in METHODS if hasattr(view_class, method.lower())}


def rows(table: str) -> Iterator[list[str]]:
    """The lines of a table below its header, in columns; an AssertionError for one that has more or fewer."""
    header, *lines = (line.split() for line in table.splitlines() if line.strip())
    assert header[-len(lines[0]) :] == header
    for line in lines:
        assert len(line) == len(header), f"this row has not {len(header)} columns: {' '.join(line)}"
        yield line
