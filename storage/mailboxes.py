"""How far each inbox has been read."""

from __future__ import annotations

from sqlalchemy import Connection, case, select

from storage.columns import insert
from storage.schema import mailboxes

# two instances may read the same inbox; the one that is behind must not turn the mark back
_ADVANCE = insert(
    mailboxes,
    lambda new: new.on_conflict_do_update(
        index_elements=["workspace", "inbox"],
        set_={
            "uidvalidity": new.excluded.uidvalidity,
            "high_water": case(
                (mailboxes.c.uidvalidity != new.excluded.uidvalidity, new.excluded.high_water),
                (mailboxes.c.high_water < new.excluded.high_water, new.excluded.high_water),
                else_=mailboxes.c.high_water,
            ),
        },
    ),
)


def state(conn: Connection, ws: str, inbox: str) -> tuple[int, int] | None:
    """UIDVALIDITY and the highest UID that was taken (RFC 3501, section 2.3.1.1); None before the first round."""
    row = conn.execute(
        select(mailboxes.c.uidvalidity, mailboxes.c.high_water).where(
            mailboxes.c.workspace == ws, mailboxes.c.inbox == inbox
        )
    ).one_or_none()
    return (row.uidvalidity, row.high_water) if row else None


def advance(conn: Connection, ws: str, inbox: str, uidvalidity: int, uid: int) -> None:
    """All up to `uid` was taken. Under the same UIDVALIDITY it only goes up; under a new one it starts anew."""
    row = {"workspace": ws, "inbox": inbox, "uidvalidity": uidvalidity, "high_water": uid}
    conn.execute(_ADVANCE[conn.dialect.name], row)
