"""Due times of items, a row each."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, Connection, and_, bindparam, delete, func, select

from rules.ruling import Timer
from storage.columns import insert
from storage.pauses import any_stands, resting
from storage.rendered import Rendered
from storage.schema import timers


@dataclass(frozen=True, slots=True, kw_only=True)
class DueTimer:
    """A timer whose time has come: together these five values are its identity. `due_at` is UTC."""

    ws: str
    item: str
    kind: str
    subject: str
    due_at: datetime


def sync(conn: Connection, ws: str, item_key: str, wanted: Sequence[Timer], *, new: bool = False) -> None:
    """Make these the item's timers, exactly. Most takes change none, so only the difference is written.

    `new`: the item was not there before this transaction, and so has none.
    """
    there = set() if new else {tuple(row) for row in _OF_ITEM.rows(conn, {"ws": ws, "wanted": item_key})}
    right = {(timer.kind, timer.subject, timer.due_at) for timer in wanted}
    if gone := there - right:
        _DROP.run_each(conn, [_named(ws, item_key, *each) for each in gone])
    if lacking := right - there:
        _ADD.run_each(
            conn,
            [
                {"workspace": ws, "item": item_key, "kind": kind, "subject": subject, "due_at": due_at}
                for kind, subject, due_at in lacking
            ],
        )


def due(conn: Connection, now: datetime, limit: int) -> list[DueTimer]:
    """What is due at `now` (UTC), oldest first, in all workspaces. Only a look: `hold` is the claim.

    What is paused stays due, and is not among it.
    """
    rows = conn.execute(_DUE_UNPAUSED if any_stands(conn) else _DUE, {"now": now, "most": limit})
    return [
        DueTimer(ws=row.workspace, item=row.item, kind=row.kind, subject=row.subject, due_at=row.due_at) for row in rows
    ]


def of_item(conn: Connection, ws: str, item_key: str) -> list[Timer]:
    """The timers that an item has."""
    rows = _OF_ITEM.rows(conn, {"ws": ws, "wanted": item_key})
    return [Timer(kind=row.kind, subject=row.subject, due_at=row.due_at) for row in rows]


def hold(conn: Connection, timer: DueTimer) -> bool:
    """Claim one due timer for this transaction, which then lets it go (`sync`, `drop`) with the effect it has.

    False: it was moved, has fired, or another instance is firing it now (SKIP LOCKED): nothing is to be done.
    """
    named = _named(timer.ws, timer.item, timer.kind, timer.subject, timer.due_at)
    return bool(_HOLD.rows(conn, named))


def drop(conn: Connection, timer: DueTimer) -> None:
    """Delete one timer whose item has no more use for it, or is not there at all."""
    _DROP.run(conn, _named(timer.ws, timer.item, timer.kind, timer.subject, timer.due_at))


def next_due(conn: Connection) -> datetime | None:
    """When the next timer of all workspaces is due; in the past when one is waiting."""
    soonest: datetime | None = conn.execute(_NEXT_UNPAUSED if any_stands(conn) else _NEXT).scalar()
    return soonest


def _named(ws: str, item: str, kind: str, subject: str, due_at: datetime) -> dict[str, object]:
    return {"ws": ws, "wanted": item, "which": kind, "what": subject, "then": due_at}


_THIS: ColumnElement[bool] = and_(
    timers.c.workspace == bindparam("ws"),
    timers.c.item == bindparam("wanted"),
    timers.c.kind == bindparam("which"),
    timers.c.subject == bindparam("what"),
    timers.c.due_at == bindparam("then"),
)
_OF_ITEM = Rendered(
    select(timers.c.kind, timers.c.subject, timers.c.due_at).where(
        timers.c.workspace == bindparam("ws"), timers.c.item == bindparam("wanted")
    )
)
_DROP = Rendered(delete(timers).where(_THIS))
# two takes of one item may add the same timer; the one whose item is out of date is undone anyway
_ADD = Rendered(insert(timers, lambda new: new.on_conflict_do_nothing()), timers.c.keys())
_DUE = select(timers).where(timers.c.due_at <= bindparam("now")).order_by(timers.c.due_at).limit(bindparam("most"))
_HOLD = Rendered(select(timers.c.due_at).where(_THIS).with_for_update(skip_locked=True))  # SQLite: its writer is alone
_NEXT = select(func.min(timers.c.due_at))
_RESTS = resting(timers.c.workspace, timers.c.item)
_DUE_UNPAUSED = _DUE.where(~_RESTS)
# not min(): it would look up the item of every timer there is
_NEXT_UNPAUSED = select(timers.c.due_at).where(~_RESTS).order_by(timers.c.due_at).limit(1)
