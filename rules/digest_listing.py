"""The lists of a digest: what concerns an item that stands in one already is said there, so nothing is listed twice."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

from rules.messages import Action, Line, Part, Row, Section

#: Of a list; below it stands how many more there are, and which command shows them.
ROWS: Final = 10
#: Of what else there is about an item.
ALSO: Final = 4

#: Words that are only written for what is shown.
Words = Callable[[], Line]


@dataclass(slots=True)
class _Kept:
    line: Line
    actions: tuple[Action, ...] = ()
    also: list[Line] = field(default_factory=list)


class Listing:
    """Lists by their headings, in the order in which their first row is put. Put what comes first in a digest first."""

    def __init__(self) -> None:
        self._lists: dict[str, list[_Kept]] = {}
        self._counts: dict[str, int] = {}
        self._shown: dict[str, _Kept] = {}

    def put(self, heading: str, key: str, line: Words, also: Words, actions: tuple[Action, ...] = ()) -> None:
        """One thing about the item `key`: a row of its own, or `also` in the row in which that item stands.

        What stands behind the last row of a list that is cut stands nowhere yet.
        """
        if (stands := self._shown.get(key)) is not None:
            stands.also.append(also())
            return
        self._add(heading, line, actions, key)

    def apart(self, heading: str, key: str, line: Words, actions: tuple[Action, ...] = ()) -> None:
        """One thing that has a row of its own whatever else there is, as each decision; "" where it is of no item."""
        self._add(heading, line, actions, "" if key in self._shown else key)

    def has(self, key: str) -> bool:
        """Whether that item stands in a row."""
        return key in self._shown

    def count(self, heading: str) -> int:
        """How many rows that list has, with those that are cut off."""
        return self._counts.get(heading, 0)

    def section(self, heading: str, where: str) -> Section:
        """The list, cut; `where` shows the rest."""
        rows = tuple(Row(line=_whole(kept), actions=kept.actions) for kept in self._lists.get(heading, ()))
        more = self.count(heading) - len(rows)
        return Section(heading=heading, rows=rows, rest=f"and {more} more: {where}" if more > 0 else "")

    def _add(self, heading: str, line: Words, actions: tuple[Action, ...], key: str) -> None:
        rows = self._lists.setdefault(heading, [])
        self._counts[heading] = self._counts.get(heading, 0) + 1
        if len(rows) >= ROWS:
            return
        rows.append(_Kept(line(), actions))
        if key:
            self._shown[key] = rows[-1]


def _whole(kept: _Kept) -> Line:
    """The row, and below it what else there is."""
    if not kept.also:
        return kept.line
    parts: list[Part] = ["\nalso "]
    for number, line in enumerate(kept.also[:ALSO]):
        parts += [" · " if number else "", *line]
    if len(kept.also) > ALSO:
        parts.append(f" · and {len(kept.also) - ALSO} more")
    return (*kept.line, *(part for part in parts if part))
