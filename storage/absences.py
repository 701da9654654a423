"""People of the rulebook who can't be reached although it says nothing of it: which way fails, since when, why."""

from __future__ import annotations

from sqlalchemy import Connection, bindparam, delete, select

from rules.absence import Failing
from storage.columns import insert
from storage.schema_doors import absences

# The first failure of an address is the one that counts: since when nobody reached them.
_NOTE = insert(
    absences,
    lambda new: new.on_conflict_do_update(
        index_elements=["workspace", "person", "channel"],
        set_={name: new.excluded[name] for name in ("address", "since", "why")},
        where=absences.c.address != new.excluded.address,
    ),
)
_ALL = (
    select(absences.c.person, absences.c.channel, absences.c.address, absences.c.since, absences.c.why)
    .where(absences.c.workspace == bindparam("ws"))
    .order_by(absences.c.person, absences.c.channel)
)


def failing(conn: Connection, ws: str) -> tuple[Failing, ...]:
    """Every way to a person that fails now, in a fixed order."""
    return tuple(Failing(**row._mapping) for row in conn.execute(_ALL, {"ws": ws}))


def note(conn: Connection, ws: str, way: Failing) -> None:
    """This way fails from now on. The same address again changes nothing."""
    row = {"workspace": ws, "person": way.person, "channel": way.channel, "address": way.address}
    conn.execute(_NOTE[conn.dialect.name], {**row, "since": way.since, "why": way.why})


def mend(conn: Connection, ws: str, person: str, channel: str) -> None:
    """This way works again."""
    found = (absences.c.workspace == ws, absences.c.person == person, absences.c.channel == channel)
    conn.execute(delete(absences).where(*found))
