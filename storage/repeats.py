"""What keeps happening: when a code was raised before, what was opened to mend it, which reviews are overdue."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import Connection, literal_column, select

from rules.items import Item
from rules.ruling import Raised
from storage import items as shelf
from storage.columns import hold
from storage.schema import REPEATS, exceptions, items


def raised(conn: Connection, ws: str, workflow: str, code: str, most: int) -> list[Raised]:
    """The newest `most` exceptions of a code in a workflow, the last first, whatever became of them.

    Two instances that raise one at once take turns here, so that the second counts the first.
    """
    hold(conn, f"raised\n{ws}\n{workflow}\n{code}")
    wanted = (
        select(exceptions.c.item, exceptions.c.opened_at)
        .where(exceptions.c.workspace == ws, exceptions.c.workflow == workflow, exceptions.c.code == code)
        .order_by(exceptions.c.opened_at.desc())
        .limit(most)
    )
    return [Raised(item=row.item, at=row.opened_at) for row in conn.execute(wanted)]


def latest(conn: Connection, ws: str, cause: str) -> Item | None:
    """The newest item that the rules opened for a cause that keeps happening (`repeats:...`), open or closed."""
    wanted = (
        select(items.c.key)
        .where(items.c.workspace == ws, items.c.cause == cause, literal_column(REPEATS))
        .order_by(items.c.opened_at.desc())
        .limit(1)
    )
    key = conn.execute(wanted).scalar_one_or_none()
    return shelf.load(conn, ws, key) if key is not None else None


def overdue(conn: Connection, ws: str, workflows: Collection[str], now: datetime) -> list[Item]:
    """The items of these workflows with a decision that was due before `now` and is not made, the oldest due first."""
    wanted = (
        select(exceptions.c.item)
        .where(
            exceptions.c.workspace == ws,
            exceptions.c.state == literal_column("'open'"),  # a literal, or its index would not serve
            exceptions.c.due_at < now,
            exceptions.c.workflow.in_(workflows),
        )
        .order_by(exceptions.c.due_at)
    )
    keys = dict.fromkeys(conn.scalars(wanted))
    return [item for key in keys if (item := shelf.load(conn, ws, key)) is not None]
