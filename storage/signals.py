"""What signals are found in: decisions, changes of hands, ends of items, each read by an index; times are UTC."""

from __future__ import annotations

import json
from datetime import datetime

from sqlalchemy import Connection, and_, literal_column, select

from rules.entries import OWN_RECORD
from rules.figures import Scope
from rules.signal_facts import Answered, Ended, Passed
from storage.figures import seen
from storage.schema import exceptions, items, ledger

_OF_EXCEPTION = and_(items.c.workspace == exceptions.c.workspace, items.c.key == exceptions.c.item)
_OF_ENTRY = and_(items.c.workspace == ledger.c.workspace, items.c.key == ledger.c.item)


def answered(conn: Connection, ws: str, since: datetime, until: datetime, scope: Scope) -> list[Answered]:
    """Every decision that was made in the time and still stands, the oldest first."""
    c = exceptions.c
    wanted = (
        select(c.item, c.n, c.workflow, c.code, c.state, c.reason_code, c.opened_at, c.ended_at, c.likeness)
        .join_from(exceptions, items, _OF_EXCEPTION)
        .where(
            c.workspace == ws, c.ended_at.is_not(None), c.ended_at >= since, c.ended_at < until,
            c.state.in_(("approved", "rejected")), c.reason_code.is_not(None), *seen(scope),
        )
        .order_by(c.ended_at, c.item, c.n)
    )  # fmt: skip
    return [
        Answered(
            item=row.item, n=row.n, workflow=row.workflow, code=row.code, verdict=row.state,
            reason_code=row.reason_code, opened_at=row.opened_at, ended_at=row.ended_at, case=row.likeness or "",
        )
        for row in conn.execute(wanted)
    ]  # fmt: skip


def passed(conn: Connection, ws: str, since: datetime, until: datetime, scope: Scope) -> list[Passed]:
    """Every time that an item changed hands or was sent back in the time, by item and in order."""
    wanted = (
        select(ledger.c.item, items.c.workflow, ledger.c.kind, ledger.c.at, ledger.c.facts)
        .join_from(ledger, items, _OF_ENTRY)
        .where(
            ledger.c.workspace == ws, literal_column("ledger.kind IN ('handed', 'returned')"), ledger.c.at >= since,
            ledger.c.at < until, *seen(scope),
        )
        .order_by(ledger.c.at, ledger.c.item, ledger.c.seq)
    )  # fmt: skip
    found = []
    for row in conn.execute(wanted):
        facts = json.loads(row.facts)
        found.append(
            Passed(
                item=row.item, workflow=row.workflow, at=row.at, back=row.kind == "returned",
                giver=facts.get("from") or "", receiver=facts.get("to") or "", left=facts.get("left") or "",
            )
        )  # fmt: skip
    return found


def ended(conn: Connection, ws: str, since: datetime, until: datetime, scope: Scope) -> list[Ended]:
    """Every item that was closed in the time and is closed still, with when it began."""
    wanted = (
        select(items.c.key.label("item"), items.c.workflow, items.c.opened_at, items.c.closed_at)
        .where(
            items.c.workspace == ws, items.c.closed_at.is_not(None), items.c.closed_at >= since,
            items.c.closed_at < until, *seen(scope),
        )
        .order_by(items.c.closed_at, items.c.key)
    )  # fmt: skip
    return [Ended(**row._mapping) for row in conn.execute(wanted)]


def changes(conn: Connection, ws: str, until: datetime) -> list[tuple[datetime, str]]:
    """When another rulebook came into force before `until`, and its version, the oldest first."""
    wanted = (
        select(ledger.c.at, ledger.c.rulebook)
        .where(
            ledger.c.workspace == ws, ledger.c.item == OWN_RECORD, ledger.c.kind == "rulebook", ledger.c.at < until
        )
        .order_by(ledger.c.seq)
    )  # fmt: skip
    found: list[tuple[datetime, str]] = []
    for row in conn.execute(wanted):
        if not found or found[-1][1] != row.rulebook:
            found.append((row.at, row.rulebook))
    return found
