"""Writes a ruling down: entries, items, timers, conversations and notices, inside the take's one transaction."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from bot.board import boards
from bot.books import Books
from bot.logs import current_story
from rules.altering import altered
from rules.entries import OWN_RECORD, Entry, moment
from rules.events import Event, Mailed
from rules.items import Item
from rules.lanes import Ways, lane
from rules.notices import Notice, Reminder
from rules.ruling import Ruling, Timer
from rules.timing import timers as due_times
from storage import evidence, items, ledger, outbox, pauses, threads, timers


def record(conn: Any, books: Books, ruling: Ruling, now: datetime, ways: Ways) -> None:
    """Everything that a ruling changes. Raises storage's Conflict when an item was changed meanwhile: take it again."""
    if own := _own(ruling.entries, OWN_RECORD):
        seq, head = ledger.tip(conn, books.workspace, OWN_RECORD)
        ledger.append(conn, books.workspace, own, head, seq)
    if ruling.pauses is not None:
        pauses.begin(conn, books.workspace, ruling.pauses)
    if ruling.resumes is not None:
        pauses.resume(conn, books.workspace, ruling.resumes)
    stored = {item.key: _item(conn, books, item, _own(ruling.entries, item.key)) for item in ruling.items}
    threads.bind(conn, books.workspace, ruling.threads)
    threads.offer(conn, books.workspace, ruling.offered)
    for notice in ruling.notices:
        put(conn, books, notice, stored.get(notice.item), now, ways)
    for each in boards(conn, books, ruling.entries, stored, now) if ways.slack else ():
        put(conn, books, each, None, now, ways)


def keep_files(conn: Any, books: Books, event: Event, ruling: Ruling) -> None:
    """Keep the files that came along, where the record now speaks of them."""
    if isinstance(event, Mailed) and any(entry.kind in ("opened", "attached") for entry in ruling.entries):
        for file in event.attachments:
            if file.data:
                evidence.keep(conn, books.workspace, file.sha256, file.name, file.media_type, file.data, books.files)


def put(conn: Any, books: Books, notice: Notice, item: Item | None, now: datetime, ways: Ways) -> None:
    """Queue a notice in its lane; one that rightly goes nowhere (the card of a mail) is not queued."""
    where = lane(notice, item, books.current, ways)
    if where is not None:
        not_before = moment(notice.not_before) if isinstance(notice, Reminder) else None
        outbox.put(conn, books.workspace, where, notice, now, not_before, current_story() or None)


def due_of(conn: Any, books: Books, item: Item) -> tuple[Timer, ...]:
    """The due times that an item's timer rows are to be."""
    return due_times(item, books.current, books.workflow(conn, item))


def sync_timers(conn: Any, books: Books, item: Item) -> None:
    """Make an item's timer rows exactly its due times."""
    timers.sync(conn, books.workspace, item.key, due_of(conn, books, item))


def _own(entries: Sequence[Entry], key: str) -> list[Entry]:
    return [entry for entry in entries if entry.item == key]


def _item(conn: Any, books: Books, item: Item, entries: list[Entry]) -> Item:
    before = item.version - len(entries)
    head = ledger.append(conn, books.workspace, entries, item.head, before)
    stored = altered(item, head=head)
    items.save(conn, stored, before)
    timers.sync(conn, books.workspace, item.key, due_of(conn, books, stored), new=before == 0)
    return stored
