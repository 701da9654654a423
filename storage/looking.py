"""The lists of the web page, a page at a time: each by an index, however many items there are, and from a place on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from pydantic import TypeAdapter
from sqlalchemy import ColumnElement, Connection, and_, literal_column, null, or_, select

from rules.items import Item
from storage.schema import exceptions, items

_BODY: TypeAdapter[Item] = TypeAdapter(Item)


@dataclass(frozen=True, slots=True)
class After:
    """Behind which item a page begins: its key and the moment (UTC) that the list is ordered by, None: it has none."""

    at: datetime | None
    key: str


def open_items(
    conn: Connection, ws: str, *, workflow: str = "", owner: str = "", after: After | None = None, limit: int
) -> list[Item]:
    """Open items, what is due first at the top, what never is at the end; without a `workflow` none of the bot's."""
    wanted = [*_wanted(ws, workflow, owner), items.c.closed_at.is_(null())]
    found: list[Item] = []
    if after is None or after.at is not None:
        later = () if after is None else (_behind(after, items.c.due_at >= after.at, items.c.due_at > after.at),)
        dated = (items.c.due_at.is_not(null()), *later)
        found = _page(conn, (*wanted, *dated), (items.c.due_at, items.c.key), limit)
    if len(found) < limit:
        further = (items.c.key > after.key,) if after is not None and after.at is None else ()
        undated = (*wanted, items.c.due_at.is_(null()), *further)
        # not the bare key, or SQLite would walk all open items by their key to spare itself sorting these few
        found += _page(conn, undated, (items.c.key.concat(""),), limit - len(found))
    return found


def closed_items(
    conn: Connection, ws: str, *, workflow: str = "", owner: str = "", after: After | None = None, limit: int
) -> list[Item]:
    """Closed items, the last closed at the top; without a `workflow` none of the bot's own."""
    earlier = () if after is None else (_behind(after, items.c.closed_at <= after.at, items.c.closed_at < after.at),)
    wanted = (*_wanted(ws, workflow, owner), items.c.closed_at.is_not(null()), *earlier)
    return _page(conn, wanted, (items.c.closed_at.desc(), items.c.key), limit)


def decided_by(conn: Connection, ws: str, person: str, limit: int) -> list[str]:
    """The keys of the items on which that person may take an undecided decision, what is due first at the top."""
    # a literal, because an index over part of the rows is only used where the condition stands in the statement
    rows = conn.scalars(
        select(exceptions.c.item)
        .where(
            exceptions.c.workspace == ws,
            exceptions.c.state == literal_column("'open'"),
            exceptions.c.may_decide.contains(f'"{person}"', autoescape=True),
        )
        .order_by(exceptions.c.due_at, exceptions.c.item)
        .limit(limit)
    )
    return list(dict.fromkeys(rows))


def _wanted(ws: str, workflow: str, owner: str) -> list[ColumnElement[bool]]:
    wanted = [items.c.workspace == ws]
    wanted.append(items.c.workflow == workflow if workflow else items.c.workflow != "docket")
    if owner:
        wanted.append(items.c.owner == owner)
    return wanted


def _behind(after: After, within: ColumnElement[bool], past: ColumnElement[bool]) -> ColumnElement[bool]:
    """The rows behind a place; `within` alone is what an index can be entered by."""
    return and_(within, or_(past, items.c.key > after.key))


def _page(
    conn: Connection, wanted: Sequence[ColumnElement[bool]], order: Sequence[ColumnElement[Any]], limit: int
) -> list[Item]:
    bodies = conn.scalars(select(items.c.body).where(*wanted).order_by(*order).limit(limit))
    return [_BODY.validate_json(body) for body in bodies]
