"""The statements of the queue that storage/outbox.py serves, most of all which notice of which lane is next.

A lane is served in the order of `n`. A row is in line from its `not_before` on; one that is being tried again stays in
line and keeps what stands behind it waiting. A lane with a live lease is being served by somebody.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    Select,
    and_,
    bindparam,
    case,
    func,
    insert,
    literal_column,
    null,
    or_,
    select,
    true,
    update,
)

from storage.columns import Moment
from storage.pauses import any_stands, resting
from storage.rendered import Rendered
from storage.schema import outbox

#: Notices of these kinds are worded together, so they are claimed together.
BUNDLED = ("Reminder", "Late")
#: At most so many of a lane: a claim of 64 lanes must stay below the 32,766 values that SQLite takes in a statement.
BUNDLE = 400

# a literal, because an index over part of the rows is only used where the condition stands in the statement
WAITING: ColumnElement[bool] = outbox.c.state == literal_column("'waiting'")
# for rows that are known by their number or id: a planner that knows little of the table would rather go through all
# that waits by the index above, so this is an expression that no index is over
STILL_WAITING: ColumnElement[bool] = outbox.c.state.concat(literal_column("''")) == literal_column("'waiting'")
READY: ColumnElement[bool] = or_(outbox.c.not_before.is_(None), outbox.c.not_before <= bindparam("now"))
_STANDING = and_(
    outbox.c.workspace == bindparam("ws"),
    outbox.c.lane == bindparam("in_lane"),
    outbox.c.slot == bindparam("in_slot"),
    WAITING,
    ~outbox.c.begun,
    # whoever holds a lease has read the item already, maybe before this change
    or_(outbox.c.lease_until.is_(None), outbox.c.lease_until <= bindparam("now")),
)
# locked, or a courier could claim it meanwhile and word it from the item as it was before this change
STANDING = Rendered(select(outbox.c.id).where(_STANDING).with_for_update())
REPLACE = Rendered(
    update(outbox)
    .where(_STANDING)
    .values(
        notice=bindparam("notice"),
        story=bindparam("story"),
        # one that is being tried again waits as long as it was told to
        not_before=case((outbox.c.attempts > 0, outbox.c.not_before), else_=bindparam("not_before", type_=Moment)),
    )
    .returning(outbox.c.id)
)
SENT = Rendered(
    update(outbox)
    .where(outbox.c.id == bindparam("this"))
    .values(
        state=literal_column("'sent'"),
        ended_at=bindparam("at"),
        lease_until=null(),
        place=bindparam("where_to"),
        message_id=bindparam("as_which"),
        problem=null(),
    )
)
PUT = Rendered(
    insert(outbox),
    [
        "id", "workspace", "lane", "slot", "item", "kind", "notice", "state", "attempts", "begun", "created_at",
        "not_before", "story",
    ],
)  # fmt: skip


@lru_cache(maxsize=64)
def begun(count: int) -> Rendered:
    """That the sends of so many notices begin now."""
    ids = [bindparam(f"i{n}", type_=outbox.c.id.type) for n in range(count)]
    return Rendered(update(outbox).where(outbox.c.id.in_(ids), STILL_WAITING).values(begun=True))


def _heads(*more: ColumnElement[bool]) -> Select[Any]:
    """The next of each free lane, of the rows for which `more` holds as well."""
    # A lease counts whatever it is for: what is being sent when a pause begins still has its lane.
    first = func.min(case((and_(*more), outbox.c.n)) if more else outbox.c.n)
    line = (
        select(outbox.c.workspace, outbox.c.lane, first.label("n"))
        .where(WAITING, or_(outbox.c.attempts > 0, READY))
        .group_by(outbox.c.workspace, outbox.c.lane)
        .having(func.coalesce(func.max(outbox.c.lease_until) <= bindparam("now"), true()))
        .subquery("line")
    )
    return (
        select(outbox.c.n, outbox.c.workspace, outbox.c.lane, outbox.c.kind)
        .join(line, line.c.n == outbox.c.n)
        .where(STILL_WAITING, READY)
        .order_by(outbox.c.n)
        .limit(bindparam("most"))
        .with_for_update(of=outbox, skip_locked=True)  # a claim never waits for a take that replaces a notice
    )


def _reminders(*more: ColumnElement[bool]) -> Select[Any]:
    return (
        select(outbox.c.n)
        .where(
            outbox.c.workspace == bindparam("ws"),
            outbox.c.lane == bindparam("in_lane"),
            or_(*(outbox.c.kind == kind for kind in BUNDLED)),
            outbox.c.n > bindparam("head"),
            WAITING,
            READY,
            *more,
        )
        .order_by(outbox.c.n)
        .limit(BUNDLE)
        .with_for_update(of=outbox, skip_locked=True)
    )


def _next(*more: ColumnElement[bool]) -> Select[Any]:
    """The first that is tried again holds up what stands behind it; of the rest the earliest decides."""
    lanes = (
        select(
            outbox.c.workspace,
            outbox.c.lane,
            func.max(outbox.c.lease_until).label("busy_until"),
            func.min(case((outbox.c.attempts > 0, outbox.c.n))).label("held_by"),
        )
        .where(WAITING, *more)
        .group_by(outbox.c.workspace, outbox.c.lane)
        .subquery("lanes")
    )
    begins = func.coalesce(outbox.c.not_before, outbox.c.created_at)
    return (
        select(func.min(case((lanes.c.busy_until > begins, lanes.c.busy_until), else_=begins)))
        .join_from(
            outbox,
            lanes,
            and_(
                lanes.c.workspace == outbox.c.workspace,
                lanes.c.lane == outbox.c.lane,
                or_(lanes.c.held_by.is_(None), outbox.c.n <= lanes.c.held_by),
            ),
        )
        .where(WAITING, *more)
    )


@dataclass(frozen=True, slots=True)
class Line:
    """The three questions of a claim: the next of each lane, the reminders behind one, when there is something."""

    heads: Select[Any]
    reminders: Select[Any]
    next: Select[Any]


LINE = Line(_heads(), _reminders(), _next())
#: The same while something is paused: its notices are in nobody's way. Apart, because it reads more than the index.
UNPAUSED = Line(*(make(~resting(outbox.c.workspace, outbox.c.item)) for make in (_heads, _reminders, _next)))


def line(conn: Connection) -> Line:
    """How the outbox is served now."""
    return UNPAUSED if any_stands(conn) else LINE
