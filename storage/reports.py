"""The facts that reports are made of, each by one question that an index answers; times are UTC."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import ColumnElement, Connection, and_, case, cast, distinct, extract, func, literal_column, or_, select
from sqlalchemy import Double as Number

from rules.figures import Scope
from rules.report_facts import ClosedItem, CodeCount, GateCount, Move, Stalled
from storage.figures import seen
from storage.schema import exceptions, items, ledger, ledger_texts

EVERYTHING: Final = Scope()
_OF_ITEM: Final = and_(items.c.workspace == exceptions.c.workspace, items.c.key == exceptions.c.item)


def unproven(conn: Connection, ws: str, since: datetime, scope: Scope = EVERYTHING) -> list[ClosedItem]:
    """Closed as done without proof since then, the newest first."""
    wanted = (
        select(items.c.key, items.c.workflow, items.c.title, items.c.owner, items.c.closed_at)
        .where(
            items.c.workspace == ws, items.c.closed_at.is_not(None), items.c.closed_at >= since,
            literal_column("NOT proven"), items.c.outcome == "done", *seen(scope),
        )
        .order_by(items.c.closed_at.desc())
    )  # fmt: skip
    return [ClosedItem(**row._mapping) for row in conn.execute(wanted)]


def codes(conn: Connection, ws: str, since: datetime, scope: Scope = EVERYTHING) -> list[CodeCount]:
    """Every code that was raised since then, the most frequent first."""
    raised = func.count().label("raised")
    still = func.sum(case((exceptions.c.state == literal_column("'open'"), 1), else_=0)).label("open")
    wanted = (
        select(exceptions.c.workflow, exceptions.c.code, raised, still, func.max(exceptions.c.item).label("last"))
        .join_from(exceptions, items, _OF_ITEM)
        .where(exceptions.c.workspace == ws, exceptions.c.opened_at >= since, *seen(scope))
        .group_by(exceptions.c.workflow, exceptions.c.code)
        .order_by(raised.desc(), exceptions.c.workflow, exceptions.c.code)
    )
    return [CodeCount(**{**row._mapping, "open": int(row.open)}) for row in conn.execute(wanted)]


def stalls(
    conn: Connection, ws: str, since: datetime, silent: Collection[tuple[str, str]], scope: Scope = EVERYTHING
) -> list[Stalled]:
    """For each workflow the items opened since then, and how many of them met one of the codes `silent`.

    `silent` are (workflow, code) pairs: what silence and lateness raise.
    """
    opened = (
        select(items.c.workflow, func.count().label("opened"))
        .where(items.c.workspace == ws, items.c.opened_at >= since, *seen(scope))
        .group_by(items.c.workflow)
    )
    met = [and_(exceptions.c.workflow == workflow, exceptions.c.code == code) for workflow, code in sorted(silent)]
    # Asked of each exception: joined, SQLite pairs every item of the time with every exception of the time.
    began = select(items.c.key).where(_OF_ITEM, items.c.opened_at >= since, *seen(scope)).correlate(exceptions)
    stalled = (
        select(exceptions.c.workflow, func.count(distinct(exceptions.c.item)).label("stalled"))
        .where(exceptions.c.workspace == ws, exceptions.c.opened_at >= since, or_(*met), began.exists())
        .group_by(exceptions.c.workflow)
    )
    found = {row.workflow: row.stalled for row in conn.execute(stalled)} if met else {}
    return [
        Stalled(workflow=row.workflow, opened=row.opened, stalled=found.get(row.workflow, 0))
        for row in conn.execute(opened)
    ]


def gates(conn: Connection, ws: str, since: datetime, scope: Scope = EVERYTHING) -> list[GateCount]:
    """What became of every decision that ended since then, by workflow and code."""
    waited = func.sum(_seconds(conn, exceptions.c.opened_at, exceptions.c.ended_at)).label("waited")
    wanted = (
        select(
            exceptions.c.workflow,
            exceptions.c.code,
            *(
                func.sum(case((exceptions.c.state == state, 1), else_=0)).label(state)
                for state in ("approved", "rejected", "void")
            ),
            waited,
        )
        .join_from(exceptions, items, _OF_ITEM)
        .where(exceptions.c.workspace == ws, exceptions.c.ended_at.is_not(None), exceptions.c.ended_at >= since)
        .where(*seen(scope))
        .group_by(exceptions.c.workflow, exceptions.c.code)
    )
    return [
        GateCount(
            workflow=row.workflow, code=row.code, approved=int(row.approved), rejected=int(row.rejected),
            void=int(row.void), waited=timedelta(seconds=float(row.waited or 0)),
        )
        for row in conn.execute(wanted)
    ]  # fmt: skip


def moves(conn: Connection, ws: str, since: datetime, kinds: Sequence[str], scope: Scope = EVERYTHING) -> list[Move]:
    """The entries of these kinds (`handed`, `returned`) since then, oldest first."""
    said = and_(
        ledger_texts.c.workspace == ledger.c.workspace, ledger_texts.c.item == ledger.c.item,
        ledger_texts.c.seq == ledger.c.seq, ledger_texts.c.name == "cause",
    )  # fmt: skip
    of_the_item = and_(items.c.workspace == ledger.c.workspace, items.c.key == ledger.c.item)
    wanted = (
        select(
            ledger.c.item, items.c.workflow, ledger.c.kind, ledger.c.at, ledger.c.by, ledger.c.facts,
            func.coalesce(ledger_texts.c.text, "").label("cause"),
        )
        .join_from(ledger, items, of_the_item)
        .outerjoin(ledger_texts, said)
        .where(
            ledger.c.workspace == ws, literal_column("ledger.kind IN ('handed', 'returned')"),
            ledger.c.kind.in_(kinds), ledger.c.at >= since, *seen(scope),
        )
        .order_by(ledger.c.at, ledger.c.item, ledger.c.seq)
    )  # fmt: skip
    return [Move(**row._mapping) for row in conn.execute(wanted)]


def _seconds(conn: Connection, first: ColumnElement[Any], last: ColumnElement[Any]) -> ColumnElement[Any]:
    """The time between two moments as each engine counts it; SQLite's days are exact to a millisecond."""
    if conn.dialect.name == "sqlite":
        return (func.julianday(last) - func.julianday(first)) * 86_400.0
    return cast(extract("epoch", last) - extract("epoch", first), Number)
