"""What the watchdog asks: open work without a due time, notices that nobody sends, how late what was due has fired.

Each question is answered from an index, so that a million open items are looked through in a moment (M136).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import (
    Connection,
    bindparam,
    case,
    exists,
    func,
    literal_column,
    null,
    or_,
    select,
)

from rules.timing import ESCALATE, REMIND
from storage.columns import Moment, insert
from storage.pauses import resting
from storage.schema import exceptions, items, outbox, timers
from storage.schema_proof import lateness


def timeless(conn: Connection, ws: str, after: str, most: int) -> list[str]:
    """The keys, from behind `after` on, of open items that have no due time, or an open exception of which has none.

    For some of them their rules give none. Some keys; all of them over several rounds.
    """
    given = {"ws": ws, "after": after, "most": most}
    return sorted({*conn.scalars(_NO_TIMER, given), *conn.scalars(_NO_TIMER_OF_IT, given)})[:most]


def some(conn: Connection, ws: str, after: str, most: int) -> list[str]:
    """The next keys behind `after`, of open items and closed ones."""
    return list(conn.scalars(_SOME, {"ws": ws, "after": after, "most": most}))


def stuck(conn: Connection, since: datetime, most: int) -> list[str]:
    """The ids of notices that stand first in their lane, could have gone since then, and that nobody has claimed.

    Who waits for a later time, behind another, or for Slack's pace is not one of them.
    """
    return [row.id for row in conn.execute(_STUCK, {"since": since, "most": most})]


@dataclass(frozen=True, slots=True, kw_only=True)
class Late:
    """How many due times fired in a while, and how late the latest did."""

    fired: int
    latest_seconds: float


def fired(conn: Connection, ws: str, at: datetime, count: int, latest_seconds: float) -> None:
    """So many due times have fired about `at` (UTC), the latest of them so much too late."""
    hour = at.replace(minute=0, second=0, microsecond=0)
    row = {"workspace": ws, "hour": hour, "fired": count, "latest_seconds": latest_seconds}
    conn.execute(_FIRED[conn.dialect.name], row)


def late(conn: Connection, ws: str, since: datetime, until: datetime) -> Late:
    """What fired from `since` to `until`, by whole hours."""
    hour = since.replace(minute=0, second=0, microsecond=0)
    row = conn.execute(
        select(func.sum(lateness.c.fired).label("fired"), func.max(lateness.c.latest_seconds).label("latest")).where(
            lateness.c.workspace == ws, lateness.c.hour >= hour, lateness.c.hour < until
        )
    ).one()
    return Late(fired=row.fired or 0, latest_seconds=row.latest or 0.0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiting:
    """What waits to go out by one channel: how many notices, since when the oldest (not counting what is for later)."""

    channel: str
    count: int
    oldest: datetime | None


def waiting(conn: Connection, ws: str, now: datetime) -> list[Waiting]:
    """The outbox by channels."""
    rows = conn.execute(_WAITING, {"ws": ws, "now": now})
    return [Waiting(channel=row.channel, count=row.many, oldest=row.oldest) for row in rows]


def open_exceptions(conn: Connection, ws: str) -> list[tuple[str, str, int]]:
    """Workflow, code and how many exceptions of it are open."""
    return [(row.workflow, row.code, row.many) for row in conn.execute(_EXCEPTIONS, {"ws": ws})]


_OPEN = (items.c.workspace == bindparam("ws"), items.c.closed_at.is_(null()))
_NONE = ~exists().where(timers.c.workspace == items.c.workspace, timers.c.item == items.c.key)
_UNDECIDED = (exceptions.c.workspace == bindparam("ws"), exceptions.c.state == literal_column("'open'"))
_NONE_OF_IT = ~exists().where(
    timers.c.workspace == exceptions.c.workspace,
    timers.c.item == exceptions.c.item,
    timers.c.kind.in_([literal_column(f"'{ESCALATE}'"), literal_column(f"'{REMIND}'")]),
    timers.c.subject == exceptions.c.code,
)
_NO_TIMER = (
    select(items.c.key)
    .where(*_OPEN, _NONE, items.c.key > bindparam("after"))
    .order_by(items.c.key)
    .limit(bindparam("most"))
)
_NO_TIMER_OF_IT = (
    select(exceptions.c.item)
    # coalesce and the order: or SQLite would read all the exceptions that there ever were
    .where(*_UNDECIDED, _NONE_OF_IT, func.coalesce(exceptions.c.item, "") > bindparam("after"))
    .order_by(exceptions.c.due_at)
    .limit(bindparam("most"))
)
_SOME = (
    select(items.c.key)
    .where(items.c.workspace == bindparam("ws"), items.c.key > bindparam("after"))
    .order_by(items.c.key)
    .limit(bindparam("most"))
)
_SINCE = bindparam("since", type_=Moment)
_IS_WAITING = outbox.c.state == literal_column("'waiting'")
_READY_SINCE = func.coalesce(outbox.c.not_before, outbox.c.created_at)
# Put aside until later is not in line; being tried again is, and what stands behind it waits with it.
_HEADS = (
    select(outbox.c.workspace, outbox.c.lane, func.min(outbox.c.n).label("n"))
    .where(
        _IS_WAITING,
        ~resting(outbox.c.workspace, outbox.c.item),
        or_(outbox.c.attempts > 0, outbox.c.not_before.is_(None), outbox.c.not_before <= _SINCE),
    )
    .group_by(outbox.c.workspace, outbox.c.lane)
    .having(func.coalesce(func.max(outbox.c.lease_until) <= _SINCE, literal_column("1 = 1")))
    .subquery("heads")
)
_STUCK = (
    select(outbox.c.id)
    .join(_HEADS, _HEADS.c.n == outbox.c.n)
    .where(_IS_WAITING, _READY_SINCE <= _SINCE)
    .order_by(outbox.c.n)
    .limit(bindparam("most"))
)
_CHANNEL = case((outbox.c.lane.like("mail:%"), "mail"), else_="slack")
_WAITING = (
    select(
        _CHANNEL.label("channel"),
        func.count().label("many"),
        func.min(case((bindparam("now", type_=Moment) >= _READY_SINCE, outbox.c.created_at))).label("oldest"),
    )
    .where(_IS_WAITING, outbox.c.workspace == bindparam("ws"))
    .group_by(_CHANNEL)
)
_EXCEPTIONS = (
    select(exceptions.c.workflow, exceptions.c.code, func.count().label("many"))
    .where(*_UNDECIDED)
    .group_by(exceptions.c.workflow, exceptions.c.code)
)
_FIRED = insert(
    lateness,
    lambda new: new.on_conflict_do_update(
        index_elements=["workspace", "hour"],
        set_={
            "fired": lateness.c.fired + new.excluded.fired,
            "latest_seconds": case(
                (new.excluded.latest_seconds > lateness.c.latest_seconds, new.excluded.latest_seconds),
                else_=lateness.c.latest_seconds,
            ),
        },
    ),
)
