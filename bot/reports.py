"""Reads what a report asks for, and hands it to whoever words it."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import Any

from bot.books import Books
from bot.figures import scope_of
from bot.report_periods import with_periods
from bot.weeks import traces_of
from rules.book.rulebook import Rulebook
from rules.items import Item
from rules.report_facts import Facts
from rules.reports import COVERS, QUESTIONS, Report
from storage import items, repeats, reports

REMEDIATIONS_AT_MOST = 2000


def report_of(conn: Any, books: Books, name: str, now: datetime, since: datetime | None = None) -> Report:
    """The report of that name, over the time since then (UTC); without it over the last 90 days."""
    ws, book, since = books.workspace, books.present(conn, now), since or now - COVERS
    facts = Facts(now=now, book=book, public=lambda flow: _public(conn, books, flow))
    scope = scope_of(conn, books, built_in=True)
    match name:
        case "closed-without-evidence":
            facts = replace(facts, closed=reports.unproven(conn, ws, since, scope))
        case "repeated-codes":
            facts = replace(facts, codes=reports.codes(conn, ws, since, scope))
        case "stall-rate":
            facts = replace(facts, stalls=reports.stalls(conn, ws, since, _silent(book), scope))
        case "overdue-reviews":
            facts = replace(facts, items=repeats.overdue(conn, ws, [book.built_in("review").name], now))
        case "gates" | "approval-chains":
            facts = replace(facts, gates=reports.gates(conn, ws, since, scope))
        case "rework":
            facts = replace(facts, moves=reports.moves(conn, ws, since, ("returned",), scope))
        case "handoffs" | "handoff-matrix":
            facts = replace(facts, moves=reports.moves(conn, ws, since, ("handed", "returned"), scope))
        case "gaps":
            facts = replace(
                facts,
                gates=reports.gates(conn, ws, since, scope),
                moves=reports.moves(conn, ws, since, ("handed",), scope),
                closed=reports.unproven(conn, ws, since, scope),
            )
        case "signals":
            facts = replace(facts, traces=traces_of(conn, books, now))
        case "remediation":
            facts = replace(facts, items=_remediations(conn, ws, book, since))
    return QUESTIONS[name](with_periods(conn, books, name, facts, since))


def _silent(book: Rulebook) -> list[tuple[str, str]]:
    """The codes that silence raises, by workflow."""
    return [
        (flow.name, code) for flow in book.workflows.values() for code, rule in flow.exceptions.items() if rule.stale
    ]


def _remediations(conn: Any, ws: str, book: Rulebook, since: datetime) -> list[Item]:
    """Those that are open, whenever they began, and what was closed in the time covered."""
    name = book.built_in("remediation").name
    found = items.listing(conn, ws, workflow=name, state_open=False, limit=REMEDIATIONS_AT_MOST)
    return [item for item in found if item.closed_at is None or item.closed_at >= since]


def _public(conn: Any, books: Books, workflow: str) -> bool:
    """Whether its items may be told of; of a workflow that the rulebook no longer has, one of its items knows."""
    known = books.current.workflows.get(workflow)
    if known is not None:
        return not known.private
    last = items.listing(conn, books.workspace, workflow=workflow, state_open=False, limit=1)
    return bool(last) and not books.workflow(conn, last[0]).private
