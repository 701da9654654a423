"""Where to look for what a rulebook version or a sender did: the items whose record names them since some moment."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection, and_, or_, select

from storage.chain import canonical
from storage.ledger import BY
from storage.schema import ledger, ledger_texts, outbox, rulebooks


def touched(conn: Connection, ws: str, since: datetime, *, rulebook: str = "", sender: str = "") -> list[str]:
    """The keys of items with an entry from `since` (UTC) on under that rulebook version, or by that sender."""
    text = ledger_texts.c
    named = (
        select(text.seq)
        .where(text.workspace == ledger.c.workspace, text.item == ledger.c.item, text.seq == ledger.c.seq)
        .where(text.name == BY, text.text == canonical(sender))
        .exists()
    )
    theirs = and_(ledger.c.rulebook == rulebook) if rulebook else or_(ledger.c.by == sender, named)
    wanted = select(ledger.c.item).where(ledger.c.workspace == ws, ledger.c.at >= since, ledger.c.item != "", theirs)
    return list(conn.scalars(wanted.distinct().order_by(ledger.c.item)))


def versions(conn: Connection, ws: str, beginning: str) -> list[str]:
    """The rulebook versions that were ever in force and begin so, oldest first."""
    known = select(rulebooks.c.version).where(rulebooks.c.workspace == ws)
    return list(conn.scalars(known.where(rulebooks.c.version.startswith(beginning, autoescape=True)).order_by("at")))


def told(conn: Connection, ws: str, key: str, since: datetime) -> dict[str, int]:
    """How many notices of each kind about an item were sent from `since` (UTC) on: nothing takes these back."""
    sent = select(outbox.c.kind, outbox.c.id).where(outbox.c.workspace == ws, outbox.c.item == key)
    found: dict[str, int] = {}
    for row in conn.execute(sent.where(outbox.c.state == "sent", outbox.c.ended_at >= since).order_by(outbox.c.n)):
        found[row.kind] = found.get(row.kind, 0) + 1
    return found
