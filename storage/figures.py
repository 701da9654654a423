"""What figures are made of, each read by an index and without private work; times are UTC."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime, timedelta
from itertools import groupby
from typing import Any, Final

from pydantic_core import from_json
from sqlalchemy import (
    ColumnElement,
    Connection,
    Select,
    and_,
    case,
    exists,
    func,
    literal_column,
    or_,
    select,
)

from rules.figures import AGES, Age, Dwell, Ordeal, Passage, Scope
from rules.figures_cases import JUDGED, Ending, Loop, ending
from rules.figures_stays import STEPS, Step, stays
from storage.items import load
from storage.schema import exceptions, items, ledger

#: As the index of what moves items has it: a question that says so word for word is answered by it.
MOVES: Final = "ledger.kind IN ('opened', 'entered', 'returned', 'changes_asked', 'closed', 'reopened')"
#: The entries of so many items are read at once.
AT_A_TIME: Final = 500
_OPEN: Final = items.c.closed_at.is_(None)


def dwells(conn: Connection, ws: str, since: datetime, until: datetime, scope: Scope) -> list[Dwell]:
    """Every stay in a stage that ended in the time, by item and in order."""
    moved = _moved(ws, since, until, ("entered", "closed"))
    own = _stays(conn, ws, moved, until, scope)
    return [stay for stay in own if stay.ended and stay.left_at >= since]


def standing(conn: Connection, ws: str, now: datetime, scope: Scope) -> list[Dwell]:
    """The stay of every open item, which has not ended, by item."""
    of = select(items.c.key.label("item")).where(items.c.workspace == ws, _OPEN).distinct()
    return [stay for stay in _stays(conn, ws, of, now, scope) if not stay.ended]


def passages(conn: Connection, ws: str, since: datetime, until: datetime, scope: Scope) -> list[Passage]:
    """Every opening, closing and reopening of the time, oldest first."""
    kinds = ("opened", "closed", "reopened")
    wanted = (
        select(ledger.c.item, items.c.workflow, ledger.c.kind, ledger.c.at, ledger.c.facts)
        .join_from(ledger, items, _of_item(ledger.c.item, ledger.c.workspace))
        .where(*_within(ws, since, until, kinds), *seen(scope))
        .order_by(ledger.c.at, ledger.c.item, ledger.c.seq)
    )
    return [
        Passage(
            item=row.item, workflow=row.workflow, kind=row.kind, at=row.at,
            outcome=from_json(row.facts)["outcome"] if row.kind == "closed" else None,
        )
        for row in conn.execute(wanted)
    ]  # fmt: skip


def ordeals(conn: Connection, ws: str, since: datetime, until: datetime, scope: Scope) -> list[Ordeal]:
    """Every exception and gate that was open in the time, by when it was raised."""
    c = exceptions.c
    columns = (c.item, c.n, c.workflow, c.code, c.state, c.opened_at, c.ended_at, c.decided_by)
    base = (
        select(*columns)
        .join_from(exceptions, items, _of_item(c.item, c.workspace))
        .where(c.workspace == ws, *seen(scope))
    )
    # Ordered as the index of open exceptions is, or SQLite would read all that there ever were.
    undecided = base.where(c.state == literal_column("'open'")).order_by(c.due_at)
    ended = base.where(c.ended_at.is_not(None), c.ended_at >= since)
    found = []
    for row in (*conn.execute(undecided), *conn.execute(ended)):
        end = row.ended_at
        if row.state == "void" and row.decided_by is not None:  # it ended when it was decided, before that was void
            end = _decided_at(conn, ws, row.item, row.n) or end
        if row.opened_at < until and (end is None or end >= since):
            found.append(
                Ordeal(item=row.item, workflow=row.workflow, code=row.code, opened_at=row.opened_at, ended_at=end)
            )
    return sorted(found, key=lambda each: (each.opened_at, each.item, each.code))


def ages(conn: Connection, ws: str, now: datetime, scope: Scope) -> list[Age]:
    """How many items of each age are open now, by workflow; ages without any are not there."""
    younger = [(items.c.opened_at > now - timedelta(days=days), n) for n, (days, _) in enumerate(AGES[1:])]
    bucket = case(*younger, else_=len(AGES) - 1).label("bucket")
    wanted = (
        select(items.c.workflow, bucket, func.count().label("open"))
        .where(items.c.workspace == ws, _OPEN, *seen(scope))
        .group_by(items.c.workflow, bucket)
        .order_by(items.c.workflow, bucket)
    )
    return [Age(workflow=row.workflow, bucket=AGES[row.bucket][1], open=row.open) for row in conn.execute(wanted)]


def _decided_at(conn: Connection, ws: str, key: str, n: int) -> datetime | None:
    item = load(conn, ws, key)
    decision = item.exceptions[n].decision if item is not None else None
    return decision.at if decision is not None else None


def endings(conn: Connection, ws: str, since: datetime, until: datetime, scope: Scope) -> list[Ending]:
    """Every item that was closed as done in the time, as it was judged at the end of that, by item."""
    of = _moved(ws, since, until, ("closed",))
    found = (
        ending(item, workflow, steps, since) for item, workflow, steps in _steps(conn, ws, of, until, scope, JUDGED)
    )
    return [each for each in found if each is not None]


def raised(conn: Connection, ws: str, since: datetime, until: datetime, scope: Scope) -> list[Ordeal]:
    """Every exception and gate that was raised in the time, the oldest first; when it ended is not told."""
    c = exceptions.c
    wanted = (
        select(c.item, c.workflow, c.code, c.opened_at)
        .join_from(exceptions, items, _of_item(c.item, c.workspace))
        .where(c.workspace == ws, c.opened_at >= since, c.opened_at < until, *seen(scope))
        .order_by(c.opened_at, c.item, c.n)
    )
    return [Ordeal(**row._mapping) for row in conn.execute(wanted)]


def loops(conn: Connection, ws: str, since: datetime, until: datetime, scope: Scope) -> list[Loop]:
    """Every time that work went back in the time, the oldest first."""
    kinds: dict[str, Any] = {"returned": "sent back", "reopened": "reopened", "changes_asked": "approval sent back"}
    wanted = (
        select(ledger.c.item, items.c.workflow, ledger.c.kind, ledger.c.at, ledger.c.facts)
        .join_from(ledger, items, _of_item(ledger.c.item, ledger.c.workspace))
        .where(*_within(ws, since, until, tuple(kinds)), *seen(scope))
    )
    found = []
    for row in conn.execute(wanted):
        told = from_json(row.facts)
        ends = {"returned": (told.get("left"), told.get("stage")), "reopened": ("closed", told.get("stage"))}
        left, to = ends.get(row.kind) or (told["code"], "")
        own = {"item": row.item, "workflow": row.workflow, "kind": kinds[row.kind], "at": row.at}
        found.append(Loop(**own, left=left or "", to=to or ""))
    earlier, c = exceptions.alias(), exceptions.c
    before = (
        earlier.c.workspace == c.workspace, earlier.c.item == c.item, earlier.c.n < c.n, earlier.c.code == c.code,
    )  # fmt: skip
    again = (
        select(c.item, c.workflow, c.code, c.opened_at)
        .join_from(exceptions, items, _of_item(c.item, c.workspace))
        .where(c.workspace == ws, c.opened_at >= since, c.opened_at < until, exists().where(*before), *seen(scope))
    )
    found += [
        Loop(item=each.item, workflow=each.workflow, kind="raised again", left=each.code, to="", at=each.opened_at)
        for each in conn.execute(again)
    ]
    return sorted(found, key=lambda each: (each.at, each.item, each.kind))


def said(conn: Connection, ws: str, since: datetime, until: datetime, scope: Scope) -> dict[tuple[str, str], int]:
    """How many messages, questions, decisions and approvals sent back the record has, by workflow and kind of entry."""
    kinds = ("attached", "asked", "changes_asked", "decided", "reminded")
    wanted = (
        select(items.c.workflow, ledger.c.kind, func.count().label("many"))
        .join_from(ledger, items, _of_item(ledger.c.item, ledger.c.workspace))
        .where(ledger.c.workspace == ws, ledger.c.at >= since, ledger.c.at < until, ledger.c.kind.in_(kinds))
        .where(*seen(scope))
        .group_by(items.c.workflow, ledger.c.kind)
    )
    return {(row.workflow, row.kind): row.many for row in conn.execute(wanted)}


def _stays(conn: Connection, ws: str, of: Select[Any], until: datetime, scope: Scope) -> Iterator[Dwell]:
    for item, workflow, steps in _steps(conn, ws, of, until, scope, STEPS):
        yield from stays(item, workflow, steps, until)


def _steps(
    conn: Connection, ws: str, of: Select[Any], until: datetime, scope: Scope, kinds: Sequence[str]
) -> Iterator[tuple[str, str, list[Step]]]:
    """Of every item whose key `of` gives: its key, its workflow, its entries of these kinds before `until`, in order.

    The keys are read first and the entries by them, so many at a time: in one question SQLite would sort them all.
    """
    chosen = of.subquery()
    named = (
        select(items.c.key, items.c.workflow)
        .join_from(chosen, items, and_(items.c.workspace == ws, items.c.key == chosen.c.item))
        .where(*seen(scope))
    )
    flows: dict[str, str] = {row.key: row.workflow for row in conn.execute(named)}
    keys = sorted(flows)
    for start in range(0, len(keys), AT_A_TIME):
        rows = conn.execute(
            select(ledger.c.item, ledger.c.kind, ledger.c.at, ledger.c.facts)
            .where(ledger.c.workspace == ws, ledger.c.item.in_(keys[start : start + AT_A_TIME]))
            .where(ledger.c.kind.in_(kinds))
            .order_by(ledger.c.item, ledger.c.seq)
        )
        for item, own in groupby(rows, key=lambda row: row[0]):
            # Its time is not asked of SQLite, which would read by that instead of by the item.
            yield item, flows[item], [Step(kind, at, from_json(facts)) for _, kind, at, facts in own if at < until]


def _moved(ws: str, since: datetime, until: datetime, kinds: Sequence[str]) -> Select[Any]:
    return select(ledger.c.item).where(*_within(ws, since, until, kinds)).distinct()


def _within(ws: str, since: datetime, until: datetime, kinds: Iterable[str]) -> tuple[ColumnElement[bool], ...]:
    return (
        ledger.c.workspace == ws, literal_column(MOVES), ledger.c.kind.in_(list(kinds)), ledger.c.at >= since,
        ledger.c.at < until,
    )  # fmt: skip


def _of_item(item: ColumnElement[Any], workspace: ColumnElement[Any]) -> ColumnElement[bool]:
    return and_(items.c.workspace == workspace, items.c.key == item)


def seen(scope: Scope) -> list[ColumnElement[bool]]:
    """What keeps private work out, by the item's row."""
    wanted: list[ColumnElement[bool]] = [items.c.workflow.not_in(sorted(scope.hidden))] if scope.hidden else []
    first = ledger.alias()
    began = [
        and_(items.c.workflow == workflow, first.c.rulebook.in_(sorted(versions)))
        for workflow, versions in sorted(scope.private_under.items())
    ]
    if scope.unreadable:
        unknown = items.c.workflow.not_in(sorted(scope.known))
        began.append(and_(unknown, first.c.rulebook.in_(sorted(scope.unreadable))))
    if began:
        opened = (first.c.workspace == items.c.workspace, first.c.item == items.c.key, first.c.seq == 1)
        wanted.append(~exists().where(*opened, or_(*began)))
    return wanted
