"""The knock: fires what is due and puts digests into the outbox; the alarm wakes it at the next due time."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from bot.absences import Absences
from bot.books import Books
from bot.desk import Desk
from bot.digests import Occasion, latest, next_time, notice_of
from bot.lateness import Lateness
from bot.logs import story
from bot.pausing import Resuming
from bot.recording import put
from bot.sealing import Sealing
from handlers.ports import Busy
from rules.own_events import Due
from storage import inbox, pauses, settings, timers
from storage.store import Conflict, Store, Unavailable

log = logging.getLogger(__name__)

BATCH = 200
#: Later than this was no matter of a busy moment: the bot was down, or its clock was pushed.
LATE_SECONDS = 60.0
#: With nothing known to be due it still looks this often: another process may have written.
LONGEST_NAP = timedelta(minutes=5)


class Knock:
    """`look` fires all that is due by the clock. `next_look` says when to come again (UTC)."""

    def __init__(
        self,
        store: Store,
        books: Books,
        desk: Desk,
        clock: Callable[[], datetime],
        quiet: asyncio.Lock,
        absences: Absences,
    ) -> None:
        self._store, self._books, self._desk, self._clock, self._quiet = store, books, desk, clock, quiet
        self._absences = absences
        self.resuming = Resuming(store, desk, clock)
        self._lateness = Lateness(store, books.workspace, clock, desk.metrics)
        self.sealing = Sealing(store, books.workspace, clock)
        self._seen: dict[str, datetime] = {}  # the last occasion of each digest that the database knows of

    async def look(self) -> int:
        """Fire every due timer once, in order, and the digests whose hour has come; says how many.

        A bot that was down fires the late ones here, each once; the courier waits, so that what is due for one person
        becomes one message. Raises Busy when the database can't be had: nothing is lost, the rows stay.
        """
        # First of all, so that what is due now reaches who has it now, and what was paused is as late as it should be.
        await self._absences.look()
        await self.resuming.look()
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
        known = [at for at in (due, self._absences.next_look()) if at is not None]
        return min([now + LONGEST_NAP, *digests, *known])

    async def _fire_timers(self) -> int:
        tried: set[timers.DueTimer] = set()
        latest_seconds = 0.0
        while True:
            now = self._clock()
            try:
                due = await self._store.read(partial(timers.due, now=now, limit=BATCH))
            except Unavailable as problem:
                raise Busy("The database is busy; due times wait for it.") from problem
            # What is still there after it was tried is another instance's: it holds it at this moment.
            fresh = [timer for timer in due if timer not in tried]
            if not fresh:
                _say_late(len(tried), latest_seconds)
                await self._lateness.keep()
                return len(tried)
            tried.update(fresh)
            latest_seconds = max(latest_seconds, (now - fresh[0].due_at).total_seconds())
            of_items: dict[str, list[timers.DueTimer]] = {}
            for timer in fresh:
                of_items.setdefault(timer.item, []).append(timer)
            # An item's due times in their order, the items beside each other: they share commits.
            ended = await asyncio.gather(*map(self._fire, of_items.values()), return_exceptions=True)
            for outcome in ended:
                if outcome is not None:
                    raise outcome

    async def _fire(self, of_one_item: list[timers.DueTimer]) -> None:
        for timer in of_one_item:
            taken = await self._desk.take(_event(timer, self._clock()))
            if not (taken.repeat or taken.ignored):
                self._lateness.fired(timer.due_at)

    async def _digests(self) -> int:
        book, now = self._books.current, self._clock()
        sent, sealed = 0, False
        try:
            if await self._store.read(lambda conn: pauses.rests(conn, self._books.workspace, "")):
                return 0  # everything is paused: the next one covers all since
        except Unavailable as problem:
            raise Busy("The database is busy; the digests wait for it.") from problem
        for spec in book.digests.values():
            for reader in spec.to:
                if reader in self._absences.gone:
                    continue  # once they are back, the next one covers all since
                for way in spec.via:
                    occasion = latest(spec, reader, way, book, now)
                    if occasion is None or self._seen.get(occasion.cursor) == occasion.at:
                        continue
                    if not sealed:  # all digests of a moment name one seal
                        await self.sealing.before_digest()
                        sealed = True
                    try:
                        with story(occasion.id):
                            sent += await self._store.write(self._once(occasion, whole=spec.covers is not None))
                    except (Unavailable, Conflict) as problem:
                        raise Busy("The database is busy; the digests wait for it.") from problem
                    self._seen[occasion.cursor] = occasion.at
        return sent

    def _once(self, occasion: Occasion, *, whole: bool) -> Callable[[Any], int]:
        """Queue a digest once per name, day, reader and way; after a stop only the latest, covering all since.

        It reaches to this moment, and the next one begins there, so that nothing is told twice or never. `whole`: it
        `covers` a time of its own, whatever was told in it before.
        """
        books, ws, ways, now = self._books, self._books.workspace, self._desk.ways, self._clock()

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
            begins = min(since, occasion.since) if whole else since
            put(conn, books, notice_of(replace(occasion, since=begins, at=now)), None, now, ways)
            settings.put(conn, ws, occasion.cursor, now.isoformat())
            inbox.settle(conn, ws, occasion.id, "taken", None, "")
            return 1

        return work


def _say_late(count: int, latest_seconds: float) -> None:
    if latest_seconds > LATE_SECONDS:
        log.info("caught up: %d due times have fired, the first %.0f s late", count, latest_seconds)


def outside_id(timer: timers.DueTimer) -> str:
    """What a due time is counted by."""
    return f"timer:{timer.ws}:{timer.item}:{timer.kind}:{timer.subject}:{timer.due_at.isoformat()}"


def _event(timer: timers.DueTimer, now: datetime) -> Due:
    at = timer.due_at
    return Due(
        id=outside_id(timer),
        workspace=timer.ws,
        at=now,
        by="docket",
        via="timer",
        item=timer.item,
        kind=timer.kind,
        subject=timer.subject,
        due_at=at,
    )
