"""The knock: fires what is due and puts digests into the outbox; the alarm wakes it at the next due time."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from bot.books import Books
from bot.desk import Desk
from bot.digests import Occasion, latest, next_time, notice_of
from bot.recording import put
from handlers.ports import Busy
from rules.events import Due
from storage import inbox, settings, timers
from storage.store import Store, Unavailable

log = logging.getLogger(__name__)

BATCH = 200
#: With nothing known to be due it still looks this often: another process may have written.
LONGEST_NAP = timedelta(minutes=5)


class Knock:
    """`look` fires all that is due by the clock. `next_look` says when to come again (UTC)."""

    def __init__(
        self, store: Store, books: Books, desk: Desk, clock: Callable[[], datetime], quiet: asyncio.Lock
    ) -> None:
        self._store, self._books, self._desk, self._clock, self._quiet = store, books, desk, clock, quiet

    async def look(self) -> int:
        """Fire every due timer once, in order, and the digests whose hour has come; says how many.

        A bot that was down fires the late ones here, each once; the courier waits, so that what is due for one person
        becomes one message. Raises Busy when the database can't be had: nothing is lost, the rows stay.
        """
        async with self._quiet:
            return await self._fire_timers() + await self._digests()

    async def next_look(self) -> datetime:
        """The next due time, or a while from now."""
        now, book = self._clock(), self._books.current
        try:
            due = await self._store.read(timers.next_due)
        except Unavailable:
            return now + timedelta(seconds=5)
        digests = [next_time(spec, reader, book, now) for spec in book.digests.values() for reader in spec.to]
        return min([now + LONGEST_NAP, *digests, *([due] if due else [])])

    async def _fire_timers(self) -> int:
        fired = 0
        while True:
            now = self._clock()
            try:
                due = await self._store.read(partial(timers.due, now=now, limit=BATCH))
            except Unavailable as problem:
                raise Busy("The database is busy; due times wait for it.") from problem
            for timer in due:
                await self._desk.take(_event(timer, now))
                fired += 1
            if len(due) < BATCH:
                return fired

    async def _digests(self) -> int:
        book, now = self._books.current, self._clock()
        sent = 0
        for spec in book.digests.values():
            for reader in spec.to:
                for way in spec.via:
                    occasion = latest(spec, reader, way, book, now)
                    if occasion is not None:
                        sent += await self._store.write(self._once(occasion))
        return sent

    def _once(self, occasion: Occasion) -> Callable[[Any], int]:
        """Queue a digest once per name, day, reader and way; after a stop only the latest, covering all since."""
        books, ws, ways = self._books, self._books.workspace, self._desk.ways

        def work(conn: Any) -> int:
            last = settings.get(conn, ws, occasion.cursor)
            if last is None:
                # A new reader has missed nothing: their first digest is the next one.
                settings.put(conn, ws, occasion.cursor, occasion.at.isoformat())
                return 0
            since = datetime.fromisoformat(last)
            if since >= occasion.at:
                return 0
            if not inbox.count(conn, ws, occasion.id, occasion.at, "timer", "Digest", b""):
                return 0
            due = notice_of(occasion)
            if since < occasion.since:
                due = notice_of(replace(occasion, since=since))
            put(conn, books, due, None, self._clock(), ways)
            settings.put(conn, ws, occasion.cursor, occasion.at.isoformat())
            inbox.settle(conn, ws, occasion.id, "taken", None, "")
            return 1

        return work


def _event(timer: timers.DueTimer, now: datetime) -> Due:
    at = timer.due_at
    return Due(
        id=f"timer:{timer.ws}:{timer.item}:{timer.kind}:{timer.subject}:{at.isoformat()}",
        workspace=timer.ws,
        at=now,
        by="docket",
        via="timer",
        item=timer.item,
        kind=timer.kind,
        subject=timer.subject,
        due_at=at,
    )
