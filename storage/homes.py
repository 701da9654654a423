"""Who has opened their Home tab lately, at which page, and what stands there."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, and_, bindparam, case, delete, select, update

from storage.columns import insert
from storage.schema_doors import homes


@dataclass(frozen=True, slots=True, kw_only=True)
class Open:
    """A Home tab that somebody opened at `opened_at`; `shown` "" where it must be drawn anew whatever stands there."""

    reader: str
    opened_at: datetime
    page: int
    shown: str
    hash: str


def opened(conn: Connection, ws: str, reader: str, page: int, now: datetime) -> None:
    """Somebody opened their Home tab, or turned to another page of it: it is to be drawn."""
    row = {"workspace": ws, "reader": reader, "opened_at": now, "page": page, "shown": "", "hash": ""}
    conn.execute(_OPENED[conn.dialect.name], row)


def recent(conn: Connection, ws: str, since: datetime) -> list[Open]:
    """The tabs opened since then: first those that wait to be drawn, then the latest."""
    rows = conn.execute(_RECENT, {"ws": ws, "since": since})
    return [Open(**row._mapping) for row in rows]


def published(conn: Connection, ws: str, tab: Open, shown: str, hash: str) -> None:
    """`shown` stands there now; a tab that was opened anew or turned meanwhile still waits to be drawn."""
    conn.execute(
        _PUBLISHED,
        {"ws": ws, "wanted": tab.reader, "then": tab.opened_at, "at_page": tab.page, "digest": shown, "by_slack": hash},
    )


def outdated(conn: Connection, ws: str, tab: Open) -> None:
    """What stands there is not what we know of. Unless another instance has told us meanwhile, draw it over."""
    conn.execute(_OUTDATED, {"ws": ws, "wanted": tab.reader, "by_slack": tab.hash})


def forget(conn: Connection, ws: str, reader: str) -> None:
    """That tab can't be drawn any more; should it be opened again, it comes back."""
    conn.execute(delete(homes).where(homes.c.workspace == ws, homes.c.reader == reader))


_OPENED = insert(
    homes,
    lambda new: new.on_conflict_do_update(
        index_elements=["workspace", "reader"],
        set_={"opened_at": new.excluded.opened_at, "page": new.excluded.page, "shown": ""},
    ),
)
_RECENT = (
    select(homes.c.reader, homes.c.opened_at, homes.c.page, homes.c.shown, homes.c.hash)
    .where(homes.c.workspace == bindparam("ws"), homes.c.opened_at >= bindparam("since"))
    .order_by(homes.c.shown != "", homes.c.opened_at.desc(), homes.c.reader)
)
_THEIRS = and_(homes.c.workspace == bindparam("ws"), homes.c.reader == bindparam("wanted"))
_AS_IT_WAS = and_(homes.c.opened_at == bindparam("then"), homes.c.page == bindparam("at_page"))
_PUBLISHED = (
    update(homes)
    .where(_THEIRS)
    .values(shown=case((_AS_IT_WAS, bindparam("digest")), else_=""), hash=bindparam("by_slack"))
)
_OUTDATED = update(homes).where(_THEIRS, homes.c.hash == bindparam("by_slack")).values(shown="", hash="")
