"""Medians of runs, and tables."""

import statistics
from collections.abc import Sequence
from typing import Any


def median(runs: Sequence[dict[str, Any]], *path: str) -> float:
    """The median over runs of the value at PATH."""
    values = []
    for run in runs:
        value: Any = run
        for name in path:
            value = value[name]
        values.append(float(value))
    return statistics.median(values)


def table(header: list[str], rows: list[list[str]]) -> str:
    """A Markdown table, aligned so that a terminal can read it too."""
    widths = [max(len(row[column]) for row in [header, *rows]) for column in range(len(header))]

    def line(cells: list[str]) -> str:
        first, *others = zip(cells, widths, strict=True)
        padded = [first[0].ljust(first[1]), *(cell.rjust(width) for cell, width in others)]
        return "| " + " | ".join(padded) + " |"

    rule = "|" + "|".join(["-" * (widths[0] + 2), *("-" * (width + 1) + ":" for width in widths[1:])]) + "|"
    return "\n".join([line(header), rule, *map(line, rows)])
