"""A report as a table: what a column holds, what a cell may be, and how far back a report looks."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final, Literal

#: How a column is read: an item's key or several, a person's rulebook key, a moment (UTC), hours, a share of one, by
#: how much such a share (`points`) or a number changed, a number, words.
Kind = Literal["key", "keys", "person", "time", "hours", "share", "points", "change", "number", "words"]
Cell = str | int | float | datetime | tuple[str, ...] | None

COVERS: Final = timedelta(days=90)


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """An answer: `asks` is the question in words, `columns` are name and kind, `rows` the cells in their order.

    `tells`: what the rows come to, in a sentence.
    """

    name: str
    asks: str
    columns: tuple[tuple[str, Kind], ...]
    rows: Sequence[tuple[Cell, ...]]
    empty: str
    tells: str = ""


def record_of(report: Report) -> list[dict[str, Any]]:
    """The rows for programs: an object each, in the order of the columns."""
    return [dict(zip((name for name, _ in report.columns), row, strict=True)) for row in report.rows]
