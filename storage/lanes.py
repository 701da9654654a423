"""Which notice of which lane is next, as statements: the rules of the queue that storage/outbox.py serves.

A lane is served in the order of `n`. A row is in line from its `not_before` on; one that is being tried again stays in
line and keeps what stands behind it waiting. A lane with a live lease is being served by somebody.
"""

from __future__ import annotations

from sqlalchemy import ColumnElement, and_, bindparam, case, func, literal_column, or_, select, true, update

from storage.columns import Moment
from storage.schema import outbox

#: Notices of this kind are worded together, so they are claimed together.
BUNDLED = "Reminder"
#: At most so many of a lane: a claim of 64 lanes must stay below the 32,766 values that SQLite takes in a statement.
BUNDLE = 400

# a literal, because an index over part of the rows is only used where the condition stands in the statement
WAITING: ColumnElement[bool] = outbox.c.state == literal_column("'waiting'")
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
STANDING = select(outbox.c.id).where(_STANDING).with_for_update()
REPLACE = (
    update(outbox)
    .where(_STANDING)
    .values(
        notice=bindparam("notice"),
        # one that is being tried again waits as long as it was told to
        not_before=case((outbox.c.attempts > 0, outbox.c.not_before), else_=bindparam("not_before", type_=Moment)),
    )
    .returning(outbox.c.id)
)
_LINE = (
    select(outbox.c.workspace, outbox.c.lane, func.min(outbox.c.n).label("n"))
    .where(WAITING, or_(outbox.c.attempts > 0, READY))
    .group_by(outbox.c.workspace, outbox.c.lane)
    .having(func.coalesce(func.max(outbox.c.lease_until) <= bindparam("now"), true()))
    .subquery("line")
)
HEADS = (
    select(outbox.c.n, outbox.c.workspace, outbox.c.lane, outbox.c.kind)
    .join(_LINE, _LINE.c.n == outbox.c.n)
    .where(WAITING, READY)
    .order_by(outbox.c.n)
    .limit(bindparam("most"))
    .with_for_update(of=outbox, skip_locked=True)  # a claim never waits for a take that replaces a notice
)
REMINDERS = (
    select(outbox.c.n)
    .where(
        outbox.c.workspace == bindparam("ws"),
        outbox.c.lane == bindparam("in_lane"),
        outbox.c.kind == BUNDLED,
        outbox.c.n > bindparam("head"),
        WAITING,
        READY,
    )
    .order_by(outbox.c.n)
    .limit(BUNDLE)
    .with_for_update(skip_locked=True)
)
# The first that is tried again holds up what stands behind it; of the rest the earliest decides.
_LANES = (
    select(
        outbox.c.workspace,
        outbox.c.lane,
        func.max(outbox.c.lease_until).label("busy_until"),
        func.min(case((outbox.c.attempts > 0, outbox.c.n))).label("held_by"),
    )
    .where(WAITING)
    .group_by(outbox.c.workspace, outbox.c.lane)
    .subquery("lanes")
)
_FROM = func.coalesce(outbox.c.not_before, outbox.c.created_at)
NEXT = (
    select(func.min(case((_LANES.c.busy_until > _FROM, _LANES.c.busy_until), else_=_FROM)))
    .join_from(
        outbox,
        _LANES,
        and_(
            _LANES.c.workspace == outbox.c.workspace,
            _LANES.c.lane == outbox.c.lane,
            or_(_LANES.c.held_by.is_(None), outbox.c.n <= _LANES.c.held_by),
        ),
    )
    .where(WAITING)
)
