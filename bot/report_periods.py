"""Reads what reports are made of that compare a time with the one before it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Any, Final

from bot.books import Books
from bot.figures import scope_of
from rules.figures import Scope
from rules.report_facts import Facts, Period
from rules.reports import COVERS
from storage import figures, signals

_READS: Final[Mapping[str, Callable[..., Any]]] = {
    "dwells": figures.dwells,
    "passages": figures.passages,
    "endings": figures.endings,
    "raised": figures.raised,
    "loops": figures.loops,
    "said": figures.said,
}
#: What each report asks for, of the time it covers and (those in `_COMPARED`) of the equal time before.
_ASKS: Final[Mapping[str, tuple[str, ...]]] = {
    "time-in-stage": ("dwells",),
    "throughput": ("passages",),
    "first-time-fix": ("endings",),
    "loops": ("loops",),
    "exceptions-by-code": ("raised",),
    "cost-of-delay": ("dwells",),
    "pilot": ("said",),
    "change": ("dwells", "passages", "endings", "raised"),
    "gaps": ("dwells", "passages", "endings", "raised", "loops"),
}
_COMPARED: Final = frozenset({"first-time-fix", "exceptions-by-code", "pilot"})
_STANDING: Final = frozenset({"time-in-stage", "throughput", "cost-of-delay"})


def with_periods(conn: Any, books: Books, name: str, facts: Facts, since: datetime) -> Facts:
    """What the report of that name asks for, from `since` (UTC) to now, and of the time before."""
    asks = _ASKS.get(name)
    if asks is None:
        return facts
    scope, now = scope_of(conn, books), facts.now
    if name == "change":
        return _around_a_change(conn, books, scope, facts, since)
    period = _period(conn, books, scope, asks, since, now)
    before = _period(conn, books, scope, asks, since - (now - since), since) if name in _COMPARED else None
    standing = figures.standing(conn, books.workspace, now, scope) if name in _STANDING else ()
    return replace(facts, period=period, before=before, standing=standing)


def _period(conn: Any, books: Books, scope: Scope, asks: tuple[str, ...], since: datetime, until: datetime) -> Period:
    read = {ask: _READS[ask](conn, books.workspace, since, until, scope) for ask in asks}
    return Period(since=since, until=until, **read)


def _around_a_change(conn: Any, books: Books, scope: Scope, facts: Facts, since: datetime) -> Facts:
    """The last time since then that another rulebook came into force, with as long a time before it as after it."""
    loaded = [*pairwise(signals.changes(conn, books.workspace, facts.now))]
    if not loaded or loaded[-1][1][0] < since:
        return facts
    (_, old), (at, new) = loaded[-1]
    length = min(max(facts.now - at, timedelta(minutes=1)), COVERS)
    then, now = books.of(conn, old).workflows, books.of(conn, new).workflows
    hidden = {*scope.hidden, *scope.private_under}
    return replace(
        facts,
        version=new,
        changed=[name for name, flow in now.items() if name not in hidden and flow != then.get(name)],
        before=_period(conn, books, scope, _ASKS["change"], at - length, at),
        period=_period(conn, books, scope, _ASKS["change"], at, at + length),
    )
