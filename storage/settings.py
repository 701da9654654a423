"""Small values that the bot must remember: its secret, a digest's last occasion."""

from __future__ import annotations

from sqlalchemy import Connection, select

from storage.columns import insert
from storage.schema import settings

_PUT = insert(
    settings,
    lambda new: new.on_conflict_do_update(index_elements=["workspace", "name"], set_={"value": new.excluded.value}),
)
_KEEP = insert(settings, lambda new: new.on_conflict_do_nothing())


def get(conn: Connection, ws: str, name: str) -> str | None:
    """The value of that name."""
    return conn.execute(
        select(settings.c.value).where(settings.c.workspace == ws, settings.c.name == name)
    ).scalar_one_or_none()


def put(conn: Connection, ws: str, name: str, value: str) -> None:
    """Remember a value in place of the old one."""
    conn.execute(_PUT[conn.dialect.name], {"workspace": ws, "name": name, "value": value})


def first(conn: Connection, ws: str, name: str, value: str) -> str:
    """Remember a value unless there is one; gives the one that stands, so that two who start at once agree."""
    conn.execute(_KEEP[conn.dialect.name], {"workspace": ws, "name": name, "value": value})
    standing = get(conn, ws, name)
    assert standing is not None
    return standing
