"""Who of the rulebook is absent although it says nothing of it: whose ways fail, and who said that they are away."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import Connection, bindparam, delete, literal, select, union_all

from rules.absence import Failing, Said
from storage.columns import insert
from storage.rendered import Rendered
from storage.schema_doors import absences
from storage.schema_proof import aways

#: In the place of a channel: whose work lies with others, and goes back to them when they return.
_LENT = "lent"
_AWAY = "away"

# The first failure of an address is the one that counts: since when nobody reached them.
_NOTE = insert(
    absences,
    lambda new: new.on_conflict_do_update(
        index_elements=["workspace", "person", "channel"],
        set_={name: new.excluded[name] for name in ("address", "since", "why")},
        where=absences.c.address != new.excluded.address,
    ),
)
_SAY = insert(
    aways,
    lambda new: new.on_conflict_do_update(
        index_elements=["workspace", "person"],
        set_={name: new.excluded[name] for name in ("until", "stand_in", "by", "at")},
    ),
)
# One question for both: it is asked in every take.
_ALL = Rendered(
    union_all(
        select(absences.c.person, absences.c.channel, absences.c.address, absences.c.since, absences.c.why).where(
            absences.c.workspace == bindparam("ws")
        ),
        select(
            aways.c.person, literal(_AWAY), aways.c.stand_in, aways.c.at, aways.c.until.concat(" ").concat(aways.c.by)
        ).where(aways.c.workspace == bindparam("ws")),
    ).order_by("person", "channel")
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Absent:
    """Ways to people that fail, absences that were said, and the people whose work lies with others meanwhile."""

    failing: tuple[Failing, ...] = ()
    said: tuple[Said, ...] = ()
    lent: frozenset[str] = frozenset()


def known(conn: Connection, ws: str) -> Absent:
    """All that is known beside the rulebook, in a fixed order."""
    rows = _ALL.rows(conn, {"ws": ws})
    return Absent(
        failing=tuple(Failing(**row._asdict()) for row in rows if row.channel not in (_LENT, _AWAY)),
        said=tuple(_said(row.person, row.address, row.since, row.why) for row in rows if row.channel == _AWAY),
        lent=frozenset(row.person for row in rows if row.channel == _LENT),
    )


def note(conn: Connection, ws: str, way: Failing) -> None:
    """This way fails from now on. The same address again changes nothing."""
    row = {"workspace": ws, "person": way.person, "channel": way.channel, "address": way.address}
    conn.execute(_NOTE[conn.dialect.name], {**row, "since": way.since, "why": way.why})


def mend(conn: Connection, ws: str, person: str, channel: str) -> None:
    """This way works again."""
    found = (absences.c.workspace == ws, absences.c.person == person, absences.c.channel == channel)
    conn.execute(delete(absences).where(*found))


def say(conn: Connection, ws: str, said: Said) -> None:
    """They are away; what they said before no longer counts."""
    row = {"workspace": ws, "person": said.person, "until": said.until.isoformat(), "stand_in": said.stand_in}
    conn.execute(_SAY[conn.dialect.name], {**row, "by": said.by, "at": said.at})


def unsay(conn: Connection, ws: str, person: str) -> None:
    """They are back."""
    conn.execute(delete(aways).where(aways.c.workspace == ws, aways.c.person == person))


def lend(conn: Connection, ws: str, person: str, now: datetime) -> None:
    """Their work lies with others from now on; asked for until it was given back."""
    note(conn, ws, Failing(person=person, channel=_LENT, address="", since=now, why=""))


def given_back(conn: Connection, ws: str, person: str) -> None:
    """Nothing of theirs lies with others any more."""
    mend(conn, ws, person, _LENT)


def _said(person: str, stand_in: str, at: datetime, words: str) -> Said:
    until, _, by = words.partition(" ")
    return Said(person=person, until=date.fromisoformat(until), stand_in=stand_in, by=by, at=at)
