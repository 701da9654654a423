"""The desk: takes one happening in one transaction, and only then lets its source hear "got it"."""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any, TypeVar

from bot.answering import answered, filled
from bot.books import Books
from bot.logs import story
from bot.recording import record
from handlers.ports import Busy, Taken
from rules.apply import apply, wanted
from rules.events import Command, Due, Event, Failed, Unreadable
from rules.items import Item
from rules.messages import Form, Reply
from rules.notices import Ways
from rules.replies import refused
from rules.ruling import Ruling, World
from storage import inbox, items, threads, timers
from storage.store import Conflict, Store, Unavailable

log = logging.getLogger(__name__)
T = TypeVar("T")

#: How many open items with the same numbers are looked through for a near-duplicate.
ALIKE_AT_MOST = 200
BUSY = "The database is busy. Nothing was recorded; try again in a minute."


class Desk:
    """handlers/ports.Desk over a store. `ways` says which channels can send, for the lanes of notices."""

    def __init__(self, store: Store, books: Books, clock: Callable[[], datetime], ways: Ways) -> None:
        self.store, self.books, self.clock, self.ways = store, books, clock, ways
        self._away: tuple[datetime, str] | None = None  # since when the database can't be had, and why

    async def take(self, event: Event, raw: bytes = b"") -> Taken:
        """Take an event: durable when this returns. The same outside id again changes nothing.

        Raises Busy while the database can't be had. An event that the rules fail on is kept raw, quarantined, with an
        exception of the operator: the source may forget it, we don't.
        """
        with story(event.id):
            try:
                return await self._write(lambda conn: self.within(conn, event, raw))
            except Busy:
                raise
            except Exception as problem:
                log.exception("a %s could not be taken", type(event).__name__)
                return await self._quarantine(event, raw, problem)

    async def ask(self, command: Command) -> Reply:
        """Answer a command that changes nothing. Raises Busy."""
        return await self._read(lambda conn: answered(conn, self.books, command, self.clock()))

    async def form(self, command: Command) -> Form | Reply:
        """The form of a click or an incomplete command. Raises Busy."""
        return await self._read(
            lambda conn: filled(command, self._world(conn, self._about(conn, command), self.clock()))
        )

    def away(self, seconds: float, why: str) -> None:
        """The database could not be had for so long; the operator hears of it after the next take."""
        self._away = (self.clock() - timedelta(seconds=seconds), why)

    def within(self, conn: Any, event: Event, raw: bytes = b"") -> Taken:
        """Take an event inside a transaction that is under way, so that both stand or fall together."""
        ws, now = self.books.workspace, self.clock()
        if isinstance(event, Due) and not timers.hold(conn, _timer(ws, event)):
            return Taken(repeat=True, key=event.item)  # it was moved, has fired, or fires in another instance
        if not inbox.count(conn, ws, event.id, event.at, event.via, type(event).__name__, raw):
            if isinstance(event, Due):
                timers.drop(conn, _timer(ws, event))  # it fired; a row left over would be found due for ever
            known = inbox.arrival(conn, ws, event.id)
            return Taken(repeat=True, key=(known.item or "") if known else "")
        ruling = apply(event, self._world(conn, self._about(conn, event), now))
        record(conn, self.books, ruling, now, self.ways)
        if isinstance(event, Due):
            # An item that no longer stands for this time has not been touched, so nothing else removes the row.
            timers.drop(conn, _timer(ws, event))
        self._settle(conn, event, ruling)
        return Taken(key=ruling.touched, reply=ruling.reply, ignored=ruling.ignored)

    def _settle(self, conn: Any, event: Event, ruling: Ruling) -> None:
        state: inbox.State = "taken"
        if isinstance(event, Unreadable):
            state = "quarantined"
        elif ruling.ignored:
            state = "ignored"
        elif any(entry.kind == "attached" for entry in ruling.entries):
            state = "attached"
        inbox.settle(conn, self.books.workspace, event.id, state, ruling.touched or None, ruling.ignored)

    def _about(self, conn: Any, event: Event) -> Item | None:
        want = wanted(event)
        key = want.key or (threads.find(conn, self.books.workspace, want.conversations) if want.conversations else None)
        return items.load(conn, self.books.workspace, key) if key else None

    def _world(self, conn: Any, item: Item | None, now: datetime) -> World:
        ws = self.books.workspace
        return World(
            now=now,
            book=self.books.current,
            book_of=lambda version: self.books.of(conn, version),
            item=item,
            number=lambda prefix: items.next_number(conn, ws, prefix),
            alike=lambda workflow, text: items.open_like(conn, ws, workflow, text, ALIKE_AT_MOST),
            failure=lambda cause: items.failure(conn, ws, cause),
        )

    async def _quarantine(self, event: Event, raw: bytes, problem: Exception) -> Taken:
        """Keep what the rules failed on under its own id, and tell the operator, in one transaction."""
        ws, kind, what = self.books.workspace, type(event).__name__, type(problem).__name__
        failure = Failed(
            id=f"{event.id}:quarantine",
            workspace=event.workspace,
            at=event.at,
            by="docket",
            via="docket",
            cause=f"rules:{kind}:{what}",
            sentence=f"A {kind} could not be handled ({what}). It is kept as {event.id}.",
        )

        def kept(conn: Any) -> None:
            inbox.count(conn, ws, event.id, event.at, event.via, kind, raw)
            inbox.settle(conn, ws, event.id, "quarantined", None, f"{what} in the rules")
            if isinstance(event, Due):
                timers.drop(conn, _timer(ws, event))

        def told(conn: Any) -> None:
            kept(conn)
            self.within(conn, failure)

        # A failure whose own record fails would report itself for ever: it is kept, and the log has it.
        telling = not isinstance(event, Failed)
        try:
            await self._write(told if telling else kept)
        except Busy:
            raise
        except Exception:
            log.exception("the operator could not be told of what is kept as %s", event.id)
            await self._write(kept)
        return Taken(ignored="quarantined", reply=self._sorry() if isinstance(event, Command) else None)

    def _sorry(self) -> Reply:
        operator = self.books.current.named(self.books.current.operator)
        return refused(
            "failed", ("That didn't get through: a fault in Docket.",), (f"Nothing changed. {operator} knows.",)
        )

    async def _write(self, work: Callable[[Any], T]) -> T:
        try:
            done = await self.store.write(work)
        except (Unavailable, Conflict) as problem:
            if isinstance(problem, Unavailable) and self._away is None:
                self._away = (self.clock(), str(problem))
            raise Busy(BUSY) from problem
        if self._away is not None:
            await self._back()
        return done

    async def _read(self, work: Callable[[Any], T]) -> T:
        try:
            return await self.store.read(work)
        except Unavailable as problem:
            raise Busy(BUSY) from problem

    async def _back(self) -> None:
        """The database is there again. Only now its outage can be written down; it stays open until a person saw it."""
        assert self._away is not None
        (since, why), self._away = self._away, None
        now = self.clock()
        failure = Failed(
            id=f"failed:database:{since.isoformat()}",
            workspace=self.books.workspace,
            at=now,
            by="docket",
            via="docket",
            cause="database",
            sentence=f"The database could not be used for {(now - since).total_seconds():.0f} s. {why}",
        )
        try:
            await self.take(failure)
        except Busy:
            self._away = (since, why)


def _timer(ws: str, event: Due) -> timers.DueTimer:
    return timers.DueTimer(ws=ws, item=event.item, kind=event.kind, subject=event.subject, due_at=event.due_at)
