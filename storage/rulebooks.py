"""Every rulebook that was ever in force, as text by its version: items keep the one they began with."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection, select

from storage.columns import insert
from storage.schema import rulebooks

_KEEP = insert(rulebooks, lambda new: new.on_conflict_do_nothing())


def keep(conn: Connection, ws: str, version: str, text: str, at: datetime) -> None:
    """Keep a rulebook's text; `version` is its SHA-256, so the same one again changes nothing."""
    conn.execute(_KEEP[conn.dialect.name], {"workspace": ws, "version": version, "text": text, "at": at})


def text(conn: Connection, ws: str, version: str) -> str | None:
    """The text of that version."""
    return conn.execute(
        select(rulebooks.c.text).where(rulebooks.c.workspace == ws, rulebooks.c.version == version)
    ).scalar_one_or_none()


def versions(conn: Connection, ws: str) -> list[str]:
    """All versions, the oldest first."""
    wanted = select(rulebooks.c.version).where(rulebooks.c.workspace == ws)
    return list(conn.scalars(wanted.order_by(rulebooks.c.at, rulebooks.c.version)))
