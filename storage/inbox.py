"""What came in: each happening once by its outside id, with its raw bytes and what became of it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from sqlalchemy import ColumnElement, Connection, and_, bindparam, func, literal_column, or_, select, update

from storage.columns import insert
from storage.rendered import Rendered
from storage.schema import inbox

State = Literal["taken", "attached", "ignored", "quarantined", "paused", "dropped"]

#: Of what is held, so many are shown at once, and so many bytes of each: its header is among them.
SHOWN_AT_MOST, HEAD_BYTES = 500, 64 * 1024

_COUNT = Rendered(
    insert(inbox, lambda new: new.on_conflict_do_nothing()),
    ["workspace", "outside_id", "at", "channel", "kind", "state", "item", "reason", "raw", "place"],
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Arrival:
    """A happening as it was counted. `at` is UTC as its source dates it; `state` "counted" until it is settled."""

    outside_id: str
    at: datetime
    channel: str
    kind: str
    state: str
    item: str | None
    reason: str
    place: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Held(Arrival):
    """One in quarantine, or one that waits for `workflow` to go on: `size` is that of its bytes, `head` their first."""

    size: int
    head: bytes
    workflow: str | None = None
    event: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiting:
    """A happening to be taken once more: its bytes (`raw`), and as JSON (`event`) where they don't say it all."""

    outside_id: str
    at: datetime
    channel: str
    kind: str
    place: str | None
    raw: bytes
    event: str | None


def count(
    conn: Connection, ws: str, outside_id: str, at: datetime, channel: str, kind: str, raw: bytes, place: str = ""
) -> bool:
    """Keep a happening and its raw bytes; False when it was counted before, and then nothing is changed.

    `place`: the inbox of a mail. Another transaction that is counting the same one is waited for.
    """
    row = {
        "workspace": ws, "outside_id": outside_id, "at": at, "channel": channel, "kind": kind,
        "state": "counted", "item": None, "reason": "", "raw": raw, "place": place or None,
    }  # fmt: skip
    return _COUNT.run(conn, row) == 1


def settle(conn: Connection, ws: str, outside_id: str, state: State, item: str | None, reason: str) -> None:
    """Write down what became of it: the item it concerns (or None) and, where nothing was done, why."""
    _SETTLE.run(conn, {"ws": ws, "wanted": outside_id, "state": state, "item": item, "reason": reason})


def forget(conn: Connection, ws: str, outside_id: str) -> None:
    """Keep that it came, and not what it said: in the transaction that counted it nothing has been stored yet."""
    conn.execute(_FORGET, {"ws": ws, "wanted": outside_id, "nothing": b""})


def pack(conn: Connection, ws: str, outside_id: str, event: str, workflow: str | None = None) -> None:
    """Keep a happening as JSON ("" where its bytes say it all), so that it can be taken later.

    `workflow`: the paused one for which it waits; None: it is in quarantine.
    """
    conn.execute(update(inbox).where(_THIS).values(event=event or None, workflow=workflow), _named(ws, outside_id))


def waiting(conn: Connection, ws: str, outside_id: str) -> Waiting | None:
    """A happening whole, as it is taken once more; None when it never came."""
    row = conn.execute(select(*_WHOLE).where(_THIS), _named(ws, outside_id)).one_or_none()
    return Waiting(**row._mapping) if row else None


def arrival(conn: Connection, ws: str, outside_id: str) -> Arrival | None:
    """What became of a happening; None when it never came."""
    row = conn.execute(select(*_SHOWN).where(_THIS), {"ws": ws, "wanted": outside_id}).one_or_none()
    return Arrival(**row._mapping) if row else None


def raw(conn: Connection, ws: str, outside_id: str) -> bytes | None:
    """Its bytes as they came; None when it never came."""
    return conn.execute(select(inbox.c.raw).where(_THIS), {"ws": ws, "wanted": outside_id}).scalar_one_or_none()


def quarantined(conn: Connection, ws: str) -> list[Held]:
    """What is held for a person to look at, oldest first."""
    return _held(conn, ws, _QUARANTINED)


def paused(conn: Connection, ws: str) -> list[Held]:
    """What waits for a workflow to go on, oldest first."""
    return _held(conn, ws, _PAUSED)


def _held(conn: Connection, ws: str, which: ColumnElement[bool]) -> list[Held]:
    size, head = func.length(inbox.c.raw), func.substr(inbox.c.raw, 1, HEAD_BYTES)
    wanted = select(*_SHOWN, size.label("size"), head.label("head"), inbox.c.workflow, inbox.c.event)
    rows = conn.execute(wanted.where(inbox.c.workspace == ws, which).order_by(inbox.c.at).limit(SHOWN_AT_MOST))
    return [Held(**{**row._mapping, "head": bytes(row.head or b"")}) for row in rows]


def let_go(conn: Connection, ws: str, outside_id: str) -> bool:
    """Take one out of what is held, for whoever settles it anew; False when it is not in there any more."""
    held = or_(_QUARANTINED, _PAUSED)
    done = conn.execute(update(inbox).where(_THIS, held).values(state="counted"), _named(ws, outside_id))
    return done.rowcount == 1


def _named(ws: str, outside_id: str) -> dict[str, str]:
    return {"ws": ws, "wanted": outside_id}


_THIS = and_(inbox.c.workspace == bindparam("ws"), inbox.c.outside_id == bindparam("wanted"))
_SETTLE = Rendered(update(inbox).where(_THIS).values({name: bindparam(name) for name in ("state", "item", "reason")}))
_FORGET = update(inbox).where(_THIS).values(raw=bindparam("nothing"))
_WHOLE = (
    inbox.c.outside_id, inbox.c.at, inbox.c.channel, inbox.c.kind, inbox.c.place, inbox.c.raw, inbox.c.event,
)  # fmt: skip
_SHOWN = (
    inbox.c.outside_id, inbox.c.at, inbox.c.channel, inbox.c.kind, inbox.c.state, inbox.c.item, inbox.c.reason,
    inbox.c.place,
)  # fmt: skip
# a literal, because an index over part of the rows is only used where the condition stands in the statement
_QUARANTINED = inbox.c.state == literal_column("'quarantined'")
_PAUSED = inbox.c.state == literal_column("'paused'")
