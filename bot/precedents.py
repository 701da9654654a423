"""Keeps the decided cases of each code in memory, as far as they were asked for, and finds those like a new one."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from rules.items import Item, Trouble
from rules.precedents import SHOWN, Cases, Precedent, case_of, precedents
from storage import items
from storage import precedents as shelf

#: Of a code; the newest. Beyond it what was decided long ago is no example any more.
CASES_AT_MOST = 100_000


@dataclass(slots=True)
class _Known:
    cases: Cases = field(default_factory=Cases)
    refs: set[tuple[str, int]] = field(default_factory=set)
    until: datetime | None = None  # the newest decision that is known


class Precedents:
    """`like` is asked in the transactions of several threads; what was decided since the last question is read then."""

    def __init__(self) -> None:
        self._known: dict[tuple[str, str], _Known] = {}
        self._lock = threading.Lock()

    def like(self, conn: Any, ws: str, item: Item, trouble: Trouble) -> list[Precedent]:
        """Up to three earlier decisions under the same code that are most like this one, the likest first."""
        with self._lock:
            known = self._known.setdefault((item.workflow, trouble.code), _Known())
            for case in shelf.decided(conn, ws, item.workflow, trouble.code, known.until, CASES_AT_MOST):
                known.until = case.at
                if (case.item, case.n) not in known.refs:
                    known.refs.add((case.item, case.n))
                    known.cases.add(case.item, case.n, case.likeness)
            nearest = known.cases.nearest(case_of(item, trouble), SHOWN * 2)
        pairs = [(found, n) for key, n in nearest if (found := items.load(conn, ws, key)) is not None]
        return precedents(pairs, item)
