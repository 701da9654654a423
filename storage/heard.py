"""How far each Slack conversation has been heard, since when it is ours, and which threads items live in."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from sqlalchemy import Connection, and_, case, literal_column, or_, select

from storage.columns import insert
from storage.schema import items, threads
from storage.schema_doors import heard

#: (`since`, `ts`) of a conversation, both Slack timestamps of ten digits, a dot and six digits.
Mark = tuple[str, str]

# Of that one width they sort as text. Two instances may hear the same conversation: a mark never goes back.
_ADVANCE = insert(
    heard,
    lambda new: new.on_conflict_do_update(
        index_elements=["workspace", "place"],
        set_={"ts": case((heard.c.ts < new.excluded.ts, new.excluded.ts), else_=heard.c.ts)},
    ),
)


def marks(conn: Connection, ws: str) -> dict[str, Mark]:
    """Every conversation that was ever heard, by its id."""
    rows = conn.execute(select(heard.c.place, heard.c.since, heard.c.ts).where(heard.c.workspace == ws))
    return {row.place: (row.since, row.ts) for row in rows}


def advance(conn: Connection, ws: str, marks: Mapping[str, Mark]) -> None:
    """All up to these marks was taken or passed by; `since` of a conversation that is known already stays."""
    # in one order, so that two instances can't wait for each other's rows
    rows = [
        {"workspace": ws, "place": place, "since": marks[place][0], "ts": marks[place][1]} for place in sorted(marks)
    ]
    if rows:
        conn.execute(_ADVANCE[conn.dialect.name], rows)


def threads_of_items(conn: Connection, ws: str, closed_after: datetime) -> list[str]:
    """The Slack conversations (`slack:C1:1700000000.000100`) of items that are open or were closed after that."""
    of_the_item = and_(items.c.workspace == threads.c.workspace, items.c.key == threads.c.item)
    rows = conn.execute(
        select(threads.c.conversation)
        .join_from(threads, items, of_the_item)
        .where(
            threads.c.workspace == ws,
            threads.c.conversation.like(literal_column("'slack:%'")),
            or_(items.c.closed_at.is_(None), items.c.closed_at >= closed_after),
        )
    )
    return [row.conversation for row in rows]
