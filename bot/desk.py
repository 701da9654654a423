"""The desk: takes one happening in one transaction, and only then lets its source hear "got it"."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from bot.answering import answered, filled
from bot.books import Books
from bot.recording import record
from handlers.ports import Busy, Taken
from rules.apply import apply, wanted
from rules.events import Command, Due, Event, Failed, Unreadable
from rules.items import Item
from rules.messages import Form, Reply
from rules.notices import Ways
from rules.ruling import Ruling, World
from storage import inbox, items, threads, timers
from storage.store import Store, Unavailable

log = logging.getLogger(__name__)

#: How many open items of a workflow are looked through for a near-duplicate.
ALIKE_AT_MOST = 200
BUSY = "The database is busy. Nothing was recorded; try again in a minute."


@dataclass(frozen=True, slots=True)
class Desk:
    """handlers/ports.Desk over a store. `ways` says which channels can send, for the lanes of notices."""

    store: Store
    books: Books
    clock: Callable[[], datetime]
    ways: Ways

    async def take(self, event: Event, raw: bytes = b"") -> Taken:
        """Take an event: durable when this returns. The same outside id again changes nothing.

        Raises Busy while the database can't be had. An event that the rules fail on is kept raw, quarantined, with an
        exception of the operator: the source may forget it, we don't.
        """
        try:
            return await self.store.write(lambda conn: self._take(conn, event, raw))
        except Unavailable as problem:
            raise Busy(BUSY) from problem
        except Exception as problem:
            log.exception("taking %s failed", event.id)
            if isinstance(event, Failed):
                raise  # a failure that can't be recorded would report itself for ever
            return await self._quarantine(event, raw, problem)

    async def ask(self, command: Command) -> Reply:
        """Answer a command that changes nothing. Raises Busy."""
        try:
            return await self.store.read(lambda conn: answered(conn, self.books, command, self.clock()))
        except Unavailable as problem:
            raise Busy(BUSY) from problem

    async def form(self, command: Command) -> Form | Reply:
        """The form of a click or an incomplete command. Raises Busy."""
        try:
            return await self.store.read(lambda conn: filled(command, self._world(conn, self._about(conn, command))))
        except Unavailable as problem:
            raise Busy(BUSY) from problem

    def _take(self, conn: Any, event: Event, raw: bytes) -> Taken:
        ws = self.books.workspace
        if not inbox.count(conn, ws, event.id, event.at, event.via, type(event).__name__, raw):
            if isinstance(event, Due):
                timers.drop(conn, _timer(ws, event))  # it fired; a row left over would be found due for ever
            known = inbox.arrival(conn, ws, event.id)
            return Taken(repeat=True, key=(known.item or "") if known else "")
        if isinstance(event, Due) and not timers.hold(conn, _timer(ws, event)):
            inbox.settle(conn, ws, event.id, "ignored", event.item, "the timer was moved or fires elsewhere")
            return Taken(key=event.item, ignored="moved")
        ruling = apply(event, self._world(conn, self._about(conn, event)))
        record(conn, self.books, ruling, self.clock(), self.ways)
        if isinstance(event, Due):
            # An item that no longer stands for this time has not been touched, so nothing else removes the row.
            timers.drop(conn, _timer(ws, event))
        self._settle(conn, event, ruling)
        return Taken(key=ruling.touched, reply=ruling.reply, ignored=ruling.ignored)

    def _settle(self, conn: Any, event: Event, ruling: Ruling) -> None:
        state: inbox.State = "ignored" if ruling.ignored else "taken"
        if isinstance(event, Unreadable):
            state = "quarantined"
        elif any(entry.kind == "attached" for entry in ruling.entries):
            state = "attached"
        inbox.settle(conn, self.books.workspace, event.id, state, ruling.touched or None, ruling.ignored)

    def _about(self, conn: Any, event: Event) -> Item | None:
        want = wanted(event)
        key = want.key or (threads.find(conn, self.books.workspace, want.conversations) if want.conversations else None)
        return items.load(conn, self.books.workspace, key) if key else None

    def _world(self, conn: Any, item: Item | None) -> World:
        ws = self.books.workspace
        return World(
            now=self.clock(),
            book=self.books.current,
            book_of=lambda version: self.books.of(conn, version),
            item=item,
            number=lambda prefix: items.next_number(conn, ws, prefix),
            alike=lambda workflow: items.open_of(conn, ws, workflow, ALIKE_AT_MOST),
            failure=lambda cause: items.failure(conn, ws, cause),
        )

    async def _quarantine(self, event: Event, raw: bytes, problem: Exception) -> Taken:
        """Keep what the rules failed on under its own id, and tell the operator, in one transaction."""
        ws = self.books.workspace
        kind = type(event).__name__
        failure = Failed(
            id=f"{event.id}:quarantine",
            workspace=event.workspace,
            at=event.at,
            by="docket",
            via="docket",
            cause=f"rules:{kind}:{type(problem).__name__}",
            sentence=f"A {kind} could not be handled ({type(problem).__name__}). It is kept as {event.id}.",
        )

        def work(conn: Any) -> Taken:
            inbox.count(conn, ws, event.id, event.at, event.via, kind, raw)
            inbox.settle(conn, ws, event.id, "quarantined", None, f"{type(problem).__name__} in the rules")
            if isinstance(event, Due):
                timers.drop(conn, _timer(ws, event))
            self._take(conn, failure, b"")
            return Taken(ignored="quarantined")

        try:
            return await self.store.write(work)
        except Unavailable as unavailable:
            raise Busy(BUSY) from unavailable


def _timer(ws: str, event: Due) -> timers.DueTimer:
    return timers.DueTimer(ws=ws, item=event.item, kind=event.kind, subject=event.subject, due_at=event.due_at)
