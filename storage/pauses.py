"""The off switch: what is paused, what waits for it to go on, and the conditions by which nothing acts meanwhile."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from pydantic import TypeAdapter
from sqlalchemy import (
    Column,
    ColumnElement,
    Connection,
    Row,
    bindparam,
    delete,
    exists,
    func,
    literal_column,
    null,
    or_,
    select,
    update,
)

from rules.items import Item
from rules.pauses import Backlog, Pause
from storage.columns import hold, insert
from storage.inbox import Waiting
from storage.rendered import Rendered
from storage.schema import inbox, items, outbox, timers
from storage.schema_proof import pauses

_BODY: TypeAdapter[Item] = TypeAdapter(Item)


def standing(conn: Connection, ws: str) -> tuple[Pause, ...]:
    """The pauses that are not over, oldest first; those that somebody let go on are among them until all is handled."""
    return tuple(_pause(row) for row in _STANDING.rows(conn, {"ws": ws}))


def any_stands(conn: Connection) -> bool:
    """Whether anything is paused, in any workspace."""
    return bool(_ANY.scalars(conn, {}))


def begin(conn: Connection, ws: str, pause: Pause) -> None:
    """It is paused from now on."""
    row = {"workspace": ws, "workflow": pause.workflow, "since": pause.since, "by": pause.by}
    conn.execute(_BEGIN[conn.dialect.name], {**row, "because": pause.because, "drill": pause.drill})


def resume(conn: Connection, ws: str, pause: Pause) -> None:
    """Somebody let it go on (`resumed_at`, `resumed_by`); it stands until what it held is handled."""
    _set(conn, ws, pause, resumed_at=pause.resumed_at, resumed_by=pause.resumed_by)


def end(conn: Connection, ws: str, pause: Pause, at: datetime) -> bool:
    """It is over, unless something still waits that only it held; says whether it is."""
    hold(conn, _TURN)
    if next_waiting(conn, ws) is not None:
        return False
    _set(conn, ws, pause, ended_at=at)
    return True


def judge(conn: Connection, ws: str, pause: Pause, *, worked: bool) -> None:
    """How a drill ended."""
    _set(conn, ws, pause, worked=worked)


def last_drill(conn: Connection, ws: str) -> Pause | None:
    """The newest drill whose result is known."""
    tried = select(pauses).where(pauses.c.workspace == ws, pauses.c.drill, pauses.c.worked.is_not(null()))
    row = conn.execute(tried.order_by(pauses.c.since.desc()).limit(1)).one_or_none()
    return _pause(row) if row else None


def backlog(conn: Connection, ws: str) -> list[Backlog]:
    """How much waits, by workflow and kind."""
    counted = select(inbox.c.workflow, inbox.c.kind, func.count().label("count"), func.min(inbox.c.at).label("oldest"))
    rows = conn.execute(
        counted.where(inbox.c.workspace == ws, WAITS).group_by(inbox.c.workflow, inbox.c.kind).order_by("oldest")
    )
    return [Backlog(workflow=r.workflow or "", kind=r.kind, count=r[2], oldest=r.oldest) for r in rows]


def next_waiting(conn: Connection, ws: str) -> Waiting | None:
    """The oldest happening that no pause holds any more, whole."""
    row = conn.execute(_NEXT, {"ws": ws}).one_or_none()
    return Waiting(**row._mapping) if row else None


def claim(conn: Connection, ws: str, outside_id: str) -> bool:
    """Take out what is to be taken now, for whoever counts it anew in this transaction; False: it is another's turn.

    Instances take turns, so that all is handled once and in its order.
    """
    hold(conn, _TURN)
    first = conn.execute(_NEXT, {"ws": ws}).one_or_none()
    if first is None or first.outside_id != outside_id:
        return False
    conn.execute(delete(inbox).where(inbox.c.workspace == ws, inbox.c.outside_id == outside_id))
    return True


def open_items(conn: Connection, ws: str, workflow: str, after: str, limit: int) -> list[Item]:
    """Open items of a workflow ("": of all) in the order of their keys, behind the key `after`."""
    wanted = select(items.c.body).where(items.c.workspace == ws, items.c.closed_at.is_(null()), items.c.key > after)
    if workflow:
        wanted = wanted.where(items.c.workflow == workflow)
    return [_BODY.validate_json(body) for body in conn.scalars(wanted.order_by(items.c.key).limit(limit))]


def count_open(conn: Connection, ws: str, workflow: str) -> int:
    """How many items `open_items` walks."""
    wanted = select(func.count()).select_from(items).where(items.c.workspace == ws, items.c.closed_at.is_(null()))
    return conn.execute(wanted.where(items.c.workflow == workflow) if workflow else wanted).scalar_one()


def standing_by(conn: Connection, ws: str, workflow: str) -> tuple[int, int, Row[Any] | None]:
    """How many notices wait and due times stand of a workflow ("": of all), and the first of these."""
    notices = select(func.count()).select_from(outbox).where(outbox.c.workspace == ws, outbox.c.state == "waiting")
    due = select(timers).where(timers.c.workspace == ws)
    if workflow:
        keys = select(items.c.key).where(items.c.workspace == ws, items.c.workflow == workflow)
        notices, due = notices.where(outbox.c.item.in_(keys)), due.where(timers.c.item.in_(keys))
    first = conn.execute(due.order_by(timers.c.due_at).limit(1)).one_or_none()
    count = conn.execute(select(func.count()).select_from(due.subquery())).scalar_one()
    return conn.execute(notices).scalar_one(), count, first


def rests(conn: Connection, ws: str, item: str) -> bool:
    """Whether the workflow of that item is paused ("": whether everything is)."""
    return bool(_RESTS.scalars(conn, {"ws": ws, "wanted": item}))


def resting(row_workspace: ColumnElement[Any], row_item: ColumnElement[Any]) -> ColumnElement[bool]:
    """The condition that the item a row names is paused: of a timer it does not fire, of a notice it is not sent."""
    its = select(items.c.workflow).where(items.c.workspace == row_workspace, items.c.key == row_item)
    of_it = pauses.c.workflow == its.correlate_except(items).scalar_subquery()
    wanted = select(pauses.c.workflow).where(
        pauses.c.workspace == row_workspace,
        pauses.c.ended_at.is_(null()),
        or_(pauses.c.workflow == literal_column("''"), of_it),
    )
    return wanted.correlate_except(pauses).exists()


def notices_rest(conn: Connection, ids: Sequence[str]) -> bool:
    """Whether one of these notices is about something paused."""
    wanted = select(outbox.c.id).where(outbox.c.id.in_(ids), resting(outbox.c.workspace, outbox.c.item))
    return any_stands(conn) and conn.execute(wanted.limit(1)).first() is not None


def _set(conn: Connection, ws: str, pause: Pause, **values: Any) -> None:
    conn.execute(update(pauses).where(*_this(ws, pause)).values(**values))


def _this(ws: str, pause: Pause) -> tuple[ColumnElement[bool], ...]:
    return (pauses.c.workspace == ws, pauses.c.workflow == pause.workflow, pauses.c.since == pause.since)


def _pause(row: Any) -> Pause:
    shown = {name: value for name, value in row._asdict().items() if name != "workspace"}
    return Pause(**{**shown, "resumed_by": row.resumed_by or ""})


#: Under this name instances take turns at handling what was held.
_TURN = "pauses"
#: A literal, because an index over part of the rows is only used where the condition stands in the statement.
WAITS: ColumnElement[bool] = inbox.c.state == literal_column("'paused'")
_ALL: tuple[Column[Any], ...] = tuple(pauses.c)
_STANDING = Rendered(
    select(*_ALL).where(pauses.c.workspace == bindparam("ws"), pauses.c.ended_at.is_(null())).order_by(pauses.c.since)
)
_ANY = Rendered(select(pauses.c.workflow).where(pauses.c.ended_at.is_(null())).limit(1))
_BEGIN = insert(pauses, lambda new: new.on_conflict_do_nothing())
_HELD = exists().where(
    pauses.c.workspace == inbox.c.workspace,
    pauses.c.ended_at.is_(null()),
    pauses.c.resumed_at.is_(null()),
    or_(pauses.c.workflow == literal_column("''"), pauses.c.workflow == inbox.c.workflow),
)
_NEXT = (
    select(inbox.c.outside_id, inbox.c.at, inbox.c.channel, inbox.c.kind, inbox.c.place, inbox.c.raw, inbox.c.event)
    .where(inbox.c.workspace == bindparam("ws"), WAITS, ~_HELD)
    .order_by(inbox.c.at, inbox.c.outside_id)
    .limit(1)
)
_RESTS = Rendered(select(literal_column("1")).where(resting(bindparam("ws"), bindparam("wanted"))))
