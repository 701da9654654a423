"""Small items, entries and records for the tests of the shelves."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import Connection

from rules.entries import Entry
from rules.items import Decision, Item, Source, Trouble
from storage import items, ledger

WS = "main"
NOW = datetime(2026, 11, 20, 15, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)


def item(key: str = "REF-1", **changes: Any) -> Item:
    """An open refund of Rita's that Dana has."""
    plain = Item(
        key=key,
        workspace=WS,
        workflow="refunds",
        rulebook="3f2a",
        title="Refund for ORD-48213",
        text="charged twice",
        requester="slack:U0RITA",
        source=Source(channel="slack", place="C1", thread="1700.1"),
        opened_at=NOW,
        owner="dana",
        backup="lee",
        due_at=NOW + 8 * HOUR,
    )
    return replace(plain, **changes)


def trouble(code: str = "OVER_LIMIT", **changes: Any) -> Trouble:
    """An open exception that Lee has an hour for."""
    plain = Trouble(
        code=code,
        state="open",
        owner="lee",
        backup="maria",
        may_decide=("lee",),
        opened_at=NOW,
        due_at=NOW + HOUR,
        next_at=NOW + HOUR,
    )
    return replace(plain, **changes)


def decision(**changes: Any) -> Decision:
    """Lee's yes."""
    plain = Decision(
        verdict="approve", reason_code="DOUBLE_CHARGE", rationale="The log shows both.", by="lee", at=NOW, via="slack"
    )
    return replace(plain, **changes)


def entry(key: str = "REF-1", **changes: Any) -> Entry:
    """A field of it was filled, by a stranger."""
    plain = Entry(
        kind="filled",
        item=key,
        at=NOW,
        by="slack:U0RITA",
        via="slack",
        rulebook="3f2a",
        facts={"missing": []},
        texts={"fields": {"amount": "450.00 USD"}},
    )
    return replace(plain, **changes)


def record(conn: Connection, key: str, *entries: Entry) -> Item:
    """Append entries and move the item along, as a take does; the item is made when it is new."""
    old = items.load(conn, WS, key)
    standing = old or item(key)
    head = ledger.append(conn, WS, entries, standing.head, standing.version)
    changed = replace(standing, version=standing.version + len(entries), head=head)
    items.save(conn, changed, old.version if old else 0)
    return changed
