"""Putting a rulebook in force: kept by its version, written into the ledger, with the due times of all open items."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Sequence
from datetime import datetime
from itertools import count
from typing import Any

from bot.books import Books
from bot.build import Bot, inbox_names
from bot.config import Misconfigured, rulebook
from bot.recording import sync_timers
from handlers.ports import Busy
from rules.book.rulebook import Rulebook
from rules.entries import OWN_RECORD, Entry
from rules.items import Item
from storage import items, ledger, rulebooks, settings
from storage.store import Conflict, Outgrown, Store, Unavailable

log = logging.getLogger(__name__)

IN_FORCE = "rulebook in force"
ALL_OPEN = 1_000_000
RETRY_SECONDS = (1.0, 2.0, 5.0, 10.0, 30.0)


class Dropped(Exception):
    """The new rulebook no longer knows people who still own open work; the sentence lists it."""


async def adopt(store: Store, books: Books, book: Rulebook, text: str, clock: Callable[[], datetime]) -> bool:
    """Put `book` in force, which the ledger records; False when it was already.

    Raises Dropped, and then the old one stays.
    """
    before = (books.current, books.text)

    def work(conn: Any) -> bool:
        ws, now = books.workspace, clock()
        changed = settings.get(conn, ws, IN_FORCE) != book.version
        standing = items.listing(conn, ws, include_docket=True, limit=ALL_OPEN) if changed else []
        if lost := _lost(conn, books, standing, book):
            shown = ", ".join(lost[:20]) + (f" and {len(lost) - 20} more" if len(lost) > 20 else "")
            raise Dropped(f"The new rulebook drops people who still own open work: {shown}. Hand it over first.")
        rulebooks.keep(conn, ws, book.version, text, now)
        seq, head = ledger.tip(conn, ws, OWN_RECORD)
        loaded = Entry(
            kind="rulebook", item=OWN_RECORD, at=now, by="docket", via="docket", rulebook=book.version,
            facts={"version": book.version, "organization": book.organization, "changed": changed},
        )  # fmt: skip
        ledger.append(conn, ws, [loaded], head, seq)
        settings.put(conn, ws, IN_FORCE, book.version)
        # Here, so that no take between the commit and the switch computes due times by the old calendars.
        books.put(book, text)
        for item in standing:
            sync_timers(conn, books, item)
        return changed

    try:
        return await store.write(work)
    except BaseException:
        books.put(*before)
        raise


def _lost(conn: Any, books: Books, standing: Sequence[Item], book: Rulebook) -> list[str]:
    """The open work of people whom the rulebook `book` no longer knows; of private work no key."""
    lost = (
        f"{'a private item' if books.workflow(conn, item).private else item.key} ({person})"
        for item in standing
        for person in _seats(item)
        if person not in book.people
    )
    return list(dict.fromkeys(lost))


def _seats(item: Item) -> list[str]:
    """Who holds something of an open item: who has it, who backs up, and whoever may decide on it."""
    troubles = [person for t in item.open_trouble() for person in (t.owner, t.backup, *t.may_decide)]
    return list(dict.fromkeys([item.owner, item.backup, *troubles]))


async def adopt_at_start(bot: Bot, book: Rulebook, text: str) -> None:
    """Put the rulebook of the start in force, waiting for a database that is busy. Raises Misconfigured."""
    for attempt in count():
        try:
            await adopt(bot.store, bot.books, book, text, bot.clock)
        except (Dropped, Outgrown) as problem:
            raise Misconfigured(str(problem)) from None
        except (Unavailable, Conflict) as problem:
            seconds = RETRY_SECONDS[min(attempt, len(RETRY_SECONDS) - 1)]
            log.warning("%s Trying again in %.0f s.", problem, seconds)
            await asyncio.sleep(seconds)
        else:
            return


async def reload(bot: Bot) -> None:
    """Load the rulebook again (SIGHUP); a bad one leaves the old in force and tells the operator."""
    before = set(inbox_names(bot.books.current))
    try:
        try:
            book, text = await asyncio.to_thread(rulebook, bot.settings.rulebook)
            await adopt(bot.store, bot.books, book, text, bot.clock)
        except (Misconfigured, Dropped) as problem:
            log.warning("the new rulebook was refused; the old one stays in force")
            refused = f"The new rulebook was refused, the old one stays in force. {problem}"
            await bot.outages.failed("rulebook", refused)
        else:
            log.info("rulebook %s is in force", book.version[:4])
            if new := set(inbox_names(book)) - before:
                log.warning("inboxes that are new in the rulebook are read from the next start on: %s", ", ".join(new))
            await bot.outages.recovered("rulebook")
    except (Busy, Unavailable, Conflict) as problem:
        log.warning("the rulebook could not be loaded again: %s", problem)
    except Exception:
        log.exception("the rulebook could not be loaded again")
