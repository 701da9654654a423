"""Reads what a digest of a week or more tells besides, and what signals are found in."""

from __future__ import annotations

from datetime import datetime, timedelta
from itertools import pairwise
from typing import Any, Final

from bot.books import Books
from bot.figures import scope_of
from rules.book.rulebook import Digest as Spec
from rules.book.rulebook import Rulebook
from rules.digest_week import week_sections
from rules.figures import Ordeal, Scope
from rules.messages import Section
from rules.report_facts import GateCount
from rules.reports import COVERS
from rules.signal_facts import Traces
from rules.signals import WEEKS
from rules.week_facts import Change, Week
from storage import figures, reports, signals

WEEK: Final = timedelta(days=7)


def covered(spec: Spec | None) -> timedelta | None:
    """The time of a digest that tells how it went; None for one of fewer than seven days."""
    if spec is None or spec.covers is None:
        return None
    covers = timedelta(seconds=spec.covers.amount * spec.covers.unit_seconds)
    return covers if covers >= WEEK else None


def sections_of(conn: Any, books: Books, length: timedelta, until: datetime) -> tuple[Section, ...]:
    """What the time of that length up to `until` (UTC) tells, for anybody: nothing private is in it."""
    ws, scope, book = books.workspace, scope_of(conn, books), books.current
    traces = _traces(conn, books, scope, length, until)
    since = until - COVERS
    week = Week(
        traces=traces,
        dwells=figures.dwells(conn, ws, traces.before, until, scope),
        gates=[gate for gate in reports.gates(conn, ws, since) if _public(gate, scope, book)],
        gates_since=since,
        changes=_changes(conn, books, scope, traces.since, until),
    )
    return week_sections(week, book)


def traces_of(conn: Any, books: Books, until: datetime) -> Traces:
    """What signals are found in at `until` (UTC): the week up to then, and what is usual before it."""
    return _traces(conn, books, scope_of(conn, books), WEEK, until)


def _is_gate(ordeal: Ordeal, book: Rulebook) -> bool:
    """Whether it is asked of all such work: how often says nothing of what goes wrong."""
    flow = book.workflows.get(ordeal.workflow)
    return flow is not None and ordeal.code in flow.gates


def _traces(conn: Any, books: Books, scope: Scope, length: timedelta, until: datetime) -> Traces:
    ws, book = books.workspace, books.current
    since, before = until - length, until - 2 * length
    usual = min(before, until - (WEEKS + 1) * WEEK)
    return Traces(
        before=before,
        since=since,
        until=until,
        answered=signals.answered(conn, ws, until - COVERS, until, scope),
        raised=[each for each in figures.ordeals(conn, ws, usual, until, scope) if not _is_gate(each, book)],
        passed=signals.passed(conn, ws, before, until, scope),
        ended=signals.ended(conn, ws, before, until, scope),
        passages=figures.passages(conn, ws, before, until, scope),
    )


def _public(gate: GateCount, scope: Scope, book: Rulebook) -> bool:
    """Of a workflow that was private once the counts can't be told apart."""
    return gate.workflow in book.workflows and gate.workflow not in (*scope.hidden, *scope.private_under)


def _changes(conn: Any, books: Books, scope: Scope, since: datetime, until: datetime) -> list[Change]:
    """The rulebooks that came into force in the time, with the workflows that read differently in them."""
    loaded = signals.changes(conn, books.workspace, until)
    found = []
    for (_, old), (at, new) in pairwise(loaded):
        if at < since:
            continue
        before, after = books.of(conn, old).workflows, books.of(conn, new).workflows
        names = [name for name, flow in after.items() if name not in scope.hidden and flow != before.get(name, flow)]
        found.append(Change(version=new, at=at, workflows=tuple(n for n in names if n not in scope.private_under)))
    return found
