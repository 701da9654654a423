"""What stands on the web page: sheets of lines, lists and tables, worded for any reader and drawn by nobody here."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from rules.commands import as_key
from rules.messages import Line, Link, Part, Section, Strong

#: The web address at which an item is looked at, by its key.
Address = Callable[[str], str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """Rows under the names of their columns, the first of which names the row; `numbers` are columns of figures.

    `empty` is said where there are no rows, `rest` where there are more.
    """

    heading: str
    columns: tuple[str, ...]
    rows: tuple[tuple[Line, ...], ...]
    empty: Line = ()
    rest: Line = ()
    numbers: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class Plot:
    """A picture by its name (rules/charts.py): what it says, and its numbers in words for whoever does not see it."""

    name: str
    title: str
    alt: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Sheet:
    """One page: its title, what it says first, then lists, tables and pictures in their order, and the fine print."""

    title: Line
    lines: tuple[Line, ...] = ()
    parts: tuple[Section | Table | Plot, ...] = ()
    small: tuple[Line, ...] = ()


def on_the_page(section: Section, address: Address) -> Section:
    """A list as other doors show it, with the keys in it leading to their items' own pages, and nothing to press."""
    rows = tuple(replace(row, line=leading(row.line, address), actions=()) for row in section.rows)
    return replace(section, rows=rows)


def leading(line: Line, address: Address) -> Line:
    """A line in which every item that it names by key leads to that item's page."""
    return tuple(_leading(part, address) for part in line)


def _leading(part: Part, address: Address) -> Part:
    match part:
        case Strong(text=words) | Link(label=words) if as_key(words) == words:
            return Link(address(words), words)
    return part
