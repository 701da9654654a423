"""What the digest and the reports ask, each question by its name; the bot's own items are among the answers."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, and_, func, literal_column, select

from storage.schema import exceptions, items


@dataclass(frozen=True, slots=True, kw_only=True)
class Deciding:
    """An exception that waits for somebody's decision."""

    item: str
    workflow: str
    title: str
    code: str
    owner: str
    may_decide: tuple[str, ...]
    opened_at: datetime
    due_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Decided:
    """An exception that a person decided. `state` is approved or rejected; `by` a rulebook key."""

    item: str
    workflow: str
    title: str
    code: str
    state: str
    owner: str
    by: str
    reason_code: str
    rationale: str
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """An item in one line of a list."""

    item: str
    workflow: str
    title: str
    stage: str | None
    owner: str
    opened_at: datetime
    due_at: datetime | None
    closed_at: datetime | None
    outcome: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Counts:
    """How much there is: open now, and opened and closed within a span."""

    open: int
    opened: int
    closed: int


def deciding(conn: Connection, ws: str) -> list[Deciding]:
    """Every open exception, first due first: the decisions that wait, with whom and since when."""
    rows = conn.execute(
        _of_exceptions(*_DECIDING)
        .where(exceptions.c.workspace == ws, _UNDECIDED)
        .order_by(exceptions.c.due_at, exceptions.c.item, exceptions.c.n)
    )
    return [Deciding(**{**row._mapping, "may_decide": tuple(json.loads(row.may_decide))}) for row in rows]


def decided_between(conn: Connection, ws: str, since: datetime, until: datetime) -> list[Decided]:
    """What people decided from `since` to before `until`, and why; in that order."""
    rows = conn.execute(
        _of_exceptions(*_DECIDED)
        .where(exceptions.c.workspace == ws, _within(exceptions.c.ended_at, since, until))
        .where(exceptions.c.decided_by.is_not(None))
        .order_by(exceptions.c.ended_at, exceptions.c.item, exceptions.c.n)
    )
    return [Decided(**row._mapping) for row in rows]


def opened_between(conn: Connection, ws: str, since: datetime, until: datetime) -> list[Line]:
    """The items that came in from `since` to before `until`."""
    return _lines(conn, ws, _within(items.c.opened_at, since, until), order=items.c.opened_at)


def closed_between(conn: Connection, ws: str, since: datetime, until: datetime) -> list[Line]:
    """The items that were closed from `since` to before `until`."""
    return _lines(conn, ws, _within(items.c.closed_at, since, until), order=items.c.closed_at)


def overdue(conn: Connection, ws: str, now: datetime) -> list[Line]:
    """The open items whose due time has passed, the oldest promise first; also one whose clock stands still."""
    return _lines(conn, ws, _OPEN, items.c.due_at < now, order=items.c.due_at)


def counts(conn: Connection, ws: str, since: datetime, until: datetime) -> Counts:
    """How many are open, and how many were opened and closed from `since` to before `until`."""

    def how_many(*wanted: ColumnElement[bool]) -> int:
        return conn.execute(
            select(func.count()).select_from(items).where(items.c.workspace == ws, *wanted)
        ).scalar_one()

    return Counts(
        open=how_many(_OPEN),
        opened=how_many(_within(items.c.opened_at, since, until)),
        closed=how_many(_within(items.c.closed_at, since, until)),
    )


def _within(column: ColumnElement[Any], since: datetime, until: datetime) -> ColumnElement[bool]:
    return and_(column >= since, column < until)


def _of_exceptions(*columns: ColumnElement[Any]) -> Select[Any]:
    of_the_item = and_(items.c.workspace == exceptions.c.workspace, items.c.key == exceptions.c.item)
    return select(*columns).join_from(exceptions, items, of_the_item)


def _lines(conn: Connection, ws: str, *wanted: ColumnElement[bool], order: ColumnElement[Any]) -> list[Line]:
    rows = conn.execute(select(*_LINE).where(items.c.workspace == ws, *wanted).order_by(order, items.c.key))
    return [Line(**row._mapping) for row in rows]


_OPEN = items.c.closed_at.is_(None)
# a literal, because an index over part of the rows is only used where the condition stands in the statement
_UNDECIDED: ColumnElement[bool] = exceptions.c.state == literal_column("'open'")
_EXCEPTION: tuple[ColumnElement[Any], ...] = (
    exceptions.c.item, exceptions.c.workflow, items.c.title, exceptions.c.code, exceptions.c.owner,
)  # fmt: skip
_DECIDING: tuple[ColumnElement[Any], ...] = (
    *_EXCEPTION, exceptions.c.may_decide, exceptions.c.opened_at, exceptions.c.due_at,
)  # fmt: skip
_DECIDED: tuple[ColumnElement[Any], ...] = (
    *_EXCEPTION, exceptions.c.state, exceptions.c.decided_by.label("by"), exceptions.c.reason_code,
    exceptions.c.rationale, exceptions.c.ended_at.label("at"),
)  # fmt: skip
_LINE: tuple[ColumnElement[Any], ...] = (
    items.c.key.label("item"), items.c.workflow, items.c.title, items.c.stage, items.c.owner, items.c.opened_at,
    items.c.due_at, items.c.closed_at, items.c.outcome,
)  # fmt: skip
