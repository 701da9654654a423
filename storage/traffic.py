"""How much mail went and came by itself lately, and which letter an id of ours names."""

from __future__ import annotations

import json
from datetime import datetime

from sqlalchemy import Connection, bindparam, func, literal_column, null, select, text

from rules.traces import Answered, Letter
from storage.columns import Key, Moment
from storage.schema import ANSWERS, DOUBTED, items, outbox

_MAIL = "mail:"
#: Of the answers to one address more are never asked for.
_MOST = 50


def answered(conn: Connection, ws: str, address: str, since: datetime) -> tuple[Answered, ...]:
    """The automatic answers to an address: when each went, or was queued where it has not gone yet, newest first."""
    rows = conn.execute(_ANSWERED, {"ws": ws, "in_lane": _MAIL + address, "since": since})
    return tuple(Answered(at=row.went, item=row.item) for row in rows)


def answers(conn: Connection, ws: str, since: datetime, most: int) -> int:
    """How many automatic answers were queued since, for everybody; counts no further than `most`."""
    return conn.execute(_ANSWERS, {"ws": ws, "since": since, "most": most}).scalar_one()


def doubted(conn: Connection, ws: str, address: str, since: datetime, most: int) -> int:
    """How many answers to what may be anybody's were queued for an address since; counts no further than `most`."""
    asked = {"ws": ws, "in_lane": _MAIL + address, "since": since, "most": most}
    return conn.execute(_DOUBTED, asked).scalar_one()


def opened(conn: Connection, ws: str, requester: str, since: datetime, most: int) -> int:
    """How many items somebody asked for since then that are open; counts no further than `most`."""
    return conn.execute(_OPENED, {"ws": ws, "who": requester, "since": since, "most": most}).scalar_one()


def letter(conn: Connection, ws: str, outbox_id: str) -> Letter | None:
    """The mail of ours with that outbox id; None where none went out, or may have gone out, under it."""
    row = conn.execute(_LETTER, {"ws": ws, "wanted": outbox_id}).one_or_none()
    if row is None or not row.lane.startswith(_MAIL) or not (row.begun or row.state == "sent"):
        return None
    try:
        to = str(json.loads(row.notice).get("to", ""))
    except ValueError:
        return None
    address = row.lane.removeprefix(_MAIL).lower()
    return Letter(outbox_id=outbox_id, at=row.created_at, address=address, to=to, item=row.item)


# made once, because they are asked for each mail; literals, because an index over part of the rows is only used where
# the condition stands in the statement
_WENT = func.coalesce(outbox.c.ended_at, outbox.c.created_at, type_=Moment)
_SINCE = outbox.c.created_at >= bindparam("since", type_=Moment)
_ANSWERED = (
    select(_WENT.label("went"), outbox.c.item)
    .where(outbox.c.workspace == bindparam("ws"), outbox.c.lane == bindparam("in_lane", type_=Key), _SINCE)
    .where(text(ANSWERS))
    .order_by(outbox.c.created_at.desc())
    .limit(_MOST)
)
_ANSWERS = select(func.count()).select_from(
    select(literal_column("1"))
    .select_from(outbox)
    .where(outbox.c.workspace == bindparam("ws"), _SINCE, text(ANSWERS))
    .limit(bindparam("most"))
    .subquery()
)
_DOUBTED = select(func.count()).select_from(
    select(literal_column("1"))
    .select_from(outbox)
    .where(outbox.c.workspace == bindparam("ws"), outbox.c.lane == bindparam("in_lane", type_=Key), _SINCE)
    .where(text(DOUBTED))
    .limit(bindparam("most"))
    .subquery()
)
_OPENED = select(func.count()).select_from(
    select(literal_column("1"))
    .select_from(items)
    .where(
        items.c.workspace == bindparam("ws"),
        items.c.requester == bindparam("who", type_=Key),
        items.c.opened_at >= bindparam("since", type_=Moment),
        items.c.closed_at.is_(null()),
    )
    .limit(bindparam("most"))
    .subquery()
)
_LETTER = select(
    outbox.c.lane, outbox.c.notice, outbox.c.item, outbox.c.state, outbox.c.begun, outbox.c.created_at
).where(outbox.c.workspace == bindparam("ws"), outbox.c.id == bindparam("wanted"))
