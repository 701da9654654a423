"""Which decisions wait, with whom and since when; the bot's own failures are among them."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, and_, literal_column, select

from rules.items import Item
from storage.items import load
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


def deciding(conn: Connection, ws: str) -> list[Deciding]:
    """Every open exception, first due first: the decisions that wait, with whom and since when."""
    rows = conn.execute(
        _of_exceptions(*_DECIDING)
        .where(exceptions.c.workspace == ws, _UNDECIDED)
        .order_by(exceptions.c.due_at, exceptions.c.item, exceptions.c.n)
    )
    return [Deciding(**{**row._mapping, "may_decide": tuple(json.loads(row.may_decide))}) for row in rows]


def undecided(conn: Connection, ws: str, limit: int) -> list[Item]:
    """The items on which something waits for a decision, what is due first at the top."""
    keys = conn.scalars(
        select(exceptions.c.item)
        .where(exceptions.c.workspace == ws, _UNDECIDED)
        .order_by(exceptions.c.due_at, exceptions.c.item, exceptions.c.n)
        .limit(limit)
    )
    found = (load(conn, ws, key) for key in dict.fromkeys(keys))
    return [item for item in found if item is not None]


def _of_exceptions(*columns: ColumnElement[Any]) -> Select[Any]:
    of_the_item = and_(items.c.workspace == exceptions.c.workspace, items.c.key == exceptions.c.item)
    return select(*columns).join_from(exceptions, items, of_the_item)


# a literal, because an index over part of the rows is only used where the condition stands in the statement
_UNDECIDED: ColumnElement[bool] = exceptions.c.state == literal_column("'open'")
_EXCEPTION: tuple[ColumnElement[Any], ...] = (
    exceptions.c.item, exceptions.c.workflow, items.c.title, exceptions.c.code, exceptions.c.owner,
)  # fmt: skip
_DECIDING: tuple[ColumnElement[Any], ...] = (
    *_EXCEPTION, exceptions.c.may_decide, exceptions.c.opened_at, exceptions.c.due_at,
)  # fmt: skip
