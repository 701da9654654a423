"""Proves the ledger from the database alone: every hash, every text that is still there, no gap, no cut-off end."""

from __future__ import annotations

import json
from collections.abc import Iterator
from itertools import groupby
from typing import Any

from sqlalchemy import Connection, Row, and_, exists, select

from storage.chain import ROWS, by_entry, chained, digest
from storage.schema import items, ledger, ledger_texts


def check_chain(conn: Connection, ws: str) -> list[str]:
    """What is broken, in a sentence each; nothing when every entry is as it was recorded.

    An erased text is no breach: its digest stays in the chain.
    """
    return [*_chains(conn, ws), *_without_entries(conn, ws), *_without_entry(conn, ws)]


def _chains(conn: Connection, ws: str) -> Iterator[str]:
    of_the_item = and_(items.c.workspace == ledger.c.workspace, items.c.key == ledger.c.item)
    wanted = (
        ROWS.outerjoin(items, of_the_item)
        .add_columns(items.c.version, items.c.head)
        .where(ledger.c.workspace == ws)
        .order_by(ledger.c.item, ledger.c.seq)
    )
    rows = conn.execute(wanted, execution_options={"yield_per": 1000})
    for key, chain in groupby(by_entry(rows), lambda own: own[0].item):
        yield from _chain(key, chain)


def _chain(key: str, chain: Iterator[list[Row[Any]]]) -> Iterator[str]:
    name = key or "the rulebook's own record"
    seq, head = 0, ""
    row: Row[Any] | None = None
    for own in chain:
        row = own[0]
        if row.seq != seq + 1:
            yield f"{name}: {_numbered(seq + 1, row.seq - 1)} missing."
        elif _hashed(head, row) != row.hash:
            yield f"{name}: entry {row.seq} is not as it was recorded."
        yield from _texts(name, own)
        # go on from what is stored, so that one breach is told once and not for all that follows
        seq, head = row.seq, row.hash
    assert row is not None  # groupby makes no empty group
    if row.version is None:
        if key:
            yield f"{name}: the ledger has it up to entry {seq}, but the item is missing."
    elif row.version > seq:
        yield f"{name}: {_numbered(seq + 1, row.version)} missing at the end."
    elif (row.version, row.head) != (seq, head):
        yield f"{name}: the item is not at the ledger's newest entry, {seq}."


def _hashed(head: str, row: Row[Any]) -> str | None:
    try:
        return chained(head, row._mapping)
    except ValueError:  # somebody made its JSON unreadable
        return None


def _texts(name: str, own: list[Row[Any]]) -> Iterator[str]:
    try:
        digests = json.loads(own[0].digests)
    except ValueError:  # told as a changed entry already
        return
    for row in own:
        if row.text_name is not None and digests.get(row.text_name) != digest(row.salt, row.text):
            yield f"{name}: the text `{row.text_name}` of entry {row.seq} is not the one that was recorded."


def _numbered(first: int, last: int) -> str:
    return f"entry {first} is" if first == last else f"entries {first} to {last} are"


def _without_entries(conn: Connection, ws: str) -> Iterator[str]:
    entry = exists().where(ledger.c.workspace == items.c.workspace, ledger.c.item == items.c.key)
    for key in conn.scalars(select(items.c.key).where(items.c.workspace == ws, ~entry).order_by(items.c.key)):
        yield f"{key}: the item has no entry at all."


def _without_entry(conn: Connection, ws: str) -> Iterator[str]:
    text = ledger_texts.c
    entry = exists().where(ledger.c.workspace == text.workspace, ledger.c.item == text.item, ledger.c.seq == text.seq)
    orphans = select(text.item, text.seq, text.name).where(text.workspace == ws, ~entry)
    for row in conn.execute(orphans.order_by(text.item, text.seq, text.name)):
        yield f"{row.item}: there is a text `{row.name}` of entry {row.seq}, which is missing."
