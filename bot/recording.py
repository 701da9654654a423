"""Writes a ruling down: entries, items, timers, conversations and notices, inside the take's one transaction."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from bot.books import Books
from rules.entries import Entry, moment
from rules.events import Event, Mailed
from rules.items import Item
from rules.notices import Notice, Reminder, Ways, lane
from rules.ruling import Ruling
from rules.timing import timers as due_times
from storage import evidence, items, ledger, outbox, threads, timers


def record(conn: Any, books: Books, ruling: Ruling, now: datetime, ways: Ways) -> None:
    """Everything that a ruling changes. Raises storage's Conflict when an item was changed meanwhile: take it again."""
    stored = {item.key: _item(conn, books, item, _own(ruling.entries, item.key)) for item in ruling.items}
    for conversation, key in ruling.threads.items():
        threads.bind(conn, books.workspace, conversation, key)
    threads.offer(conn, books.workspace, ruling.offered)
    for notice in ruling.notices:
        put(conn, books, notice, stored.get(notice.item), now, ways)


def keep_files(conn: Any, ws: str, event: Event, ruling: Ruling) -> None:
    """Keep the files that came along, where the record now speaks of them."""
    if isinstance(event, Mailed) and any(entry.kind in ("opened", "attached") for entry in ruling.entries):
        for file in event.attachments:
            if file.data:
                evidence.keep(conn, ws, file.sha256, file.name, file.media_type, file.data)


def put(conn: Any, books: Books, notice: Notice, item: Item | None, now: datetime, ways: Ways) -> None:
    """Queue a notice in its lane; one that rightly goes nowhere (the card of a mail) is not queued."""
    where = lane(notice, item, books.current, ways)
    if where is not None:
        not_before = moment(notice.not_before) if isinstance(notice, Reminder) else None
        outbox.put(conn, books.workspace, where, notice, now, not_before)


def sync_timers(conn: Any, books: Books, item: Item) -> None:
    """Make an item's timer rows exactly its due times."""
    timers.sync(conn, books.workspace, item.key, due_times(item, books.current, books.workflow(conn, item)))


def _own(entries: Sequence[Entry], key: str) -> list[Entry]:
    return [entry for entry in entries if entry.item == key]


def _item(conn: Any, books: Books, item: Item, entries: list[Entry]) -> Item:
    before = item.version - len(entries)
    head = ledger.append(conn, books.workspace, entries, item.head, before)
    stored = replace(item, head=head)
    items.save(conn, stored, before)
    sync_timers(conn, books, stored)
    return stored
