"""Who is signed in to the web page, on which browser, until when; of what the browser shows only a digest is kept."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection, bindparam, delete, insert, select

from storage.columns import key_of
from storage.rendered import Rendered
from storage.schema_proof import web_sessions


def begin(conn: Connection, ws: str, digest: str, person: str, now: datetime, until: datetime) -> None:
    """`person` (a rulebook key) is signed in from now on (UTC); what is over by then is forgotten."""
    conn.execute(delete(web_sessions).where(web_sessions.c.workspace == ws, web_sessions.c.until <= now))
    row = {"workspace": ws, "digest": digest, "person": person, "since": now, "until": until}
    conn.execute(insert(web_sessions), row)


def person_of(conn: Connection, ws: str, digest: str, now: datetime) -> str | None:
    """Whose it is; None where there is none (any more)."""
    found = _PERSON.scalars(conn, {"ws": ws, "wanted": digest, "now": now})
    return found[0] if found else None


def end(conn: Connection, ws: str, digest: str) -> None:
    """That browser is signed out."""
    conn.execute(delete(web_sessions).where(web_sessions.c.workspace == ws, web_sessions.c.digest == digest))


def end_all(conn: Connection, ws: str, person: str) -> None:
    """Every browser of that person is signed out."""
    conn.execute(delete(web_sessions).where(web_sessions.c.workspace == ws, web_sessions.c.person == key_of(person)))


_PERSON = Rendered(
    select(web_sessions.c.person).where(
        web_sessions.c.workspace == bindparam("ws"),
        web_sessions.c.digest == bindparam("wanted"),
        web_sessions.c.until > bindparam("now"),
    )
)
