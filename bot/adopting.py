"""Putting a rulebook in force: kept by its version, written into the ledger, with the due times of all open items."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

from bot.books import Books
from bot.recording import sync_timers
from rules.book.rulebook import Rulebook
from rules.entries import Entry
from storage import items, ledger, rulebooks, settings
from storage.store import Store

#: The chain of what concerns no item: which rulebook was in force since when.
OWN_RECORD = ""
IN_FORCE = "rulebook in force"
ALL_OPEN = 1_000_000


class Dropped(Exception):
    """The new rulebook no longer knows people who still own open work; the sentence lists it."""


async def adopt(store: Store, books: Books, book: Rulebook, text: str, clock: Callable[[], datetime]) -> bool:
    """Put `book` in force; False when it was already. Raises Dropped, and then the old one stays."""

    def work(conn: Any) -> bool:
        ws, now = books.workspace, clock()
        if settings.get(conn, ws, IN_FORCE) == book.version:
            return False
        standing = items.listing(conn, ws, include_docket=True, limit=ALL_OPEN)
        if lost := [f"{i.key} ({person})" for i in standing for person in _seats(i) if person not in book.people]:
            shown = ", ".join(lost[:20]) + (f" and {len(lost) - 20} more" if len(lost) > 20 else "")
            raise Dropped(f"The new rulebook drops people who still own open work: {shown}. Hand it over first.")
        rulebooks.keep(conn, ws, book.version, text, now)
        seq, head = ledger.tip(conn, ws, OWN_RECORD)
        loaded = Entry(
            kind="rulebook", item=OWN_RECORD, at=now, by="docket", via="docket", rulebook=book.version,
            facts={"version": book.version, "organization": book.organization},
        )  # fmt: skip
        ledger.append(conn, ws, [loaded], head, seq)
        settings.put(conn, ws, IN_FORCE, book.version)
        before = books.current
        books.put(book, text)
        try:
            for item in standing:
                sync_timers(conn, books, item)
        except BaseException:
            books.put(before, books.text)
            raise
        return True

    return await store.write(work)


def _seats(item: Any) -> set[str]:
    """Who holds something of an open item."""
    return {item.owner, item.backup} | {person for t in item.open_trouble() for person in (t.owner, t.backup)}
