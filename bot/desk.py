"""The desk: takes one happening in one transaction, and only then lets its source hear "got it"."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any, TypeVar

from bot.answering import answered, filled
from bot.belonging import taken_apart, with_letter, with_mail
from bot.books import Books
from bot.holding_back import held_back, keep_whole
from bot.logs import story
from bot.metrics import Metrics
from bot.own_failures import sorry, unhandled, without_database
from bot.quarantine import Reread, again, with_kept
from bot.recording import keep_files, record
from handlers.ports import Busy, Taken
from rules.absence import noted
from rules.apply import apply, wanted
from rules.events import (
    Command,
    Deleted,
    Edited,
    Event,
    Mailed,
    Posted,
    Unreadable,
)
from rules.failures import confined
from rules.items import Item
from rules.lanes import Ways
from rules.messages import Form, Reply
from rules.own_events import (
    Due,
    Failed,
    Reachable,
    Refused,
    Unreachable,
)
from rules.ruling import Ruling, World
from storage import absences, inbox, items, ledger, pauses, repeats, threads, timers, tokens
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
        books.slack = ways.slack
        self.metrics = Metrics()
        self.reread: Reread = lambda _inbox, _raw, _now: None  # set where inboxes are known
        self._away: tuple[datetime, str] | None = None  # since when the database can't be had, and why

    async def take(self, event: Event, raw: bytes = b"", *, claim: Callable[[Any], None] | None = None) -> Taken:
        """Take an event: durable when this returns. The same outside id again changes nothing.

        `claim` takes it out of what a pause held, in the same transaction; what it raises of Busy comes out here.

        Raises Busy while the database can't be had. An event that the rules fail on is kept raw, quarantined, with an
        exception of the operator: the source may forget it, we don't.
        """
        with story(event.id), self.metrics.taking(type(event).__name__) as take:
            try:
                return take.became(await self._write(lambda conn: self.within(conn, event, raw, claim=claim)))
            except Busy:
                raise
            except Exception as problem:
                log.exception("a %s could not be taken", type(event).__name__)
                return take.became(await self._quarantine(event, raw, problem))

    async def ask(self, command: Command) -> Reply:
        """Answer a command that changes nothing. Raises Busy."""
        return await self._read(lambda conn: answered(conn, self.books, command, self.clock()))

    async def form(self, command: Command) -> Form | Reply | None:
        """The form of a click or an incomplete command; None: it is complete. Raises Busy."""
        return await self._read(
            lambda conn: filled(command, self.world(conn, self._about(conn, command), self.clock()))
        )

    def away(self, seconds: float, why: str) -> None:
        """The database could not be had for so long; the operator hears of it after the next take."""
        self._away = (self.clock() - timedelta(seconds=seconds), why)

    def within(self, conn: Any, event: Event, raw: bytes = b"", *, claim: Callable[[Any], None] | None = None) -> Taken:
        """Take an event inside a transaction that is under way, so that both stand or fall together."""
        ws, now = self.books.workspace, self.clock()
        if claim is not None:
            claim(conn)
        if isinstance(event, Due) and (pauses.rests(conn, ws, event.item) or not timers.hold(conn, _timer(ws, event))):
            return Taken(repeat=True, key=event.item)  # it is paused, was moved, has fired, or fires elsewhere now
        place = event.inbox if isinstance(event, Mailed | Unreadable) else ""
        if not inbox.count(conn, ws, event.id, event.at, event.via, type(event).__name__, raw, place):
            if isinstance(event, Due):
                timers.drop(conn, _timer(ws, event))  # it fired; a row left over would be found due for ever
            known = inbox.arrival(conn, ws, event.id)
            if known and isinstance(event, Mailed) and (apart := taken_apart(conn, self.books, event, known)):
                return self.within(conn, apart, raw)
            return Taken(repeat=True, key=(known.item or "") if known else "")
        if isinstance(event, Posted) and event.edit:
            inbox.count(conn, ws, event.edit, event.at, event.via, "Edited", b"")
            inbox.settle(conn, ws, event.edit, "ignored", None, "the message was read as edited")
        if isinstance(event, Unreachable | Reachable):
            self._note(conn, event)
        world = self._world_of(conn, event, now)
        if world.pauses and (waits := held_back(conn, self.books, event, raw, world, goes_on=claim is not None)):
            return waits
        ruling = self._judged(conn, event, world)
        if isinstance(event, Due):
            # An item that no longer stands for this time has not been touched, so nothing else removes the row.
            timers.drop(conn, _timer(ws, event))
        return Taken(key=ruling.touched, reply=ruling.reply, ignored=ruling.ignored)

    def _judged(self, conn: Any, event: Event, world: World) -> Ruling:
        """Ask the rules, write down what they say, and do what that leads to."""
        ws, now = self.books.workspace, world.now
        ruling = apply(event, world)
        record(conn, self.books, ruling, now, self.ways)
        if ruling.spends:
            tokens.spend(conn, ws, ruling.spends, now, event.id)
        if ruling.away is not None:
            absences.say(conn, ws, ruling.away)
        if ruling.returns:
            absences.unsay(conn, ws, ruling.returns)
        keep_files(conn, self.books, event, ruling)
        self._settle(conn, event, ruling)
        for outside_id in filter(None, (ruling.lets_go, ruling.drops)):
            self._out_of_quarantine(conn, outside_id, dropped=outside_id == ruling.drops)
        for following in ruling.leads_to:
            self.within(conn, following)
        return ruling

    def _out_of_quarantine(self, conn: Any, outside_id: str, *, dropped: bool) -> None:
        """Drop what a person gave up, or take what they let go as if it had just come. Either happens once."""
        ws, now = self.books.workspace, self.clock()
        known = inbox.arrival(conn, ws, outside_id)
        if known is None or not inbox.let_go(conn, ws, outside_id):
            raise Conflict("somebody else judged it meanwhile")
        if dropped:
            inbox.settle(conn, ws, outside_id, "dropped", known.item, known.reason)
            return
        event = again(conn, ws, outside_id, self.reread, now)
        assert event is not None, "the rules let go what can be read"
        self._judged(conn, event, replace(self._world_of(conn, event, now), released=True))

    def _note(self, conn: Any, event: Unreachable | Reachable) -> None:
        """Who is there is part of the world that the rules see; it is written in the same transaction."""
        ws, book = self.books.workspace, self.books.current
        if isinstance(event, Reachable):
            absences.mend(conn, ws, book.person_of(event.person), event.channel)
        elif (way := noted(event, book)) is not None:
            absences.note(conn, ws, way)

    def _settle(self, conn: Any, event: Event, ruling: Ruling) -> None:
        state: inbox.State = "taken"
        if isinstance(event, Unreadable) or ruling.held:
            state = "quarantined"
        elif ruling.ignored:
            state = "ignored"
        elif any(entry.kind == "attached" for entry in ruling.entries):
            state = "attached"
        reason = ruling.held or ruling.ignored or (event.problem if isinstance(event, Unreadable) else "")
        inbox.settle(conn, self.books.workspace, event.id, state, ruling.touched or None, reason)
        if ruling.unkept:
            inbox.forget(conn, self.books.workspace, event.id)

    def _about(self, conn: Any, event: Event) -> Item | None:
        want = wanted(event)
        key = want.key or (threads.find(conn, self.books.workspace, want.conversations) if want.conversations else None)
        return items.load(conn, self.books.workspace, key) if key else None

    def _world_of(self, conn: Any, event: Event, now: datetime) -> World:
        """The world that an event meets. A mail is also about the item of the letter whose token it came back with."""
        world = self.world(conn, None, now)
        if isinstance(event, Mailed):
            return with_mail(conn, self.books, event, world)
        if isinstance(event, Refused):
            return with_letter(conn, self.books, event, world)
        if isinstance(event, Command) and event.verb == "quarantine":
            return with_kept(conn, self.books.workspace, event, self.reread, world)
        return replace(world, item=self._about(conn, event))

    def _concerned(self, conn: Any, event: Event) -> Item | None:
        """The item that a happening is about, as far as that can be told of one that made the rules fail."""
        try:
            return self._world_of(conn, event, self.clock()).item
        except Exception:  # it may be just what failed
            return self._about(conn, event)

    def world(self, conn: Any, item: Item | None, now: datetime) -> World:
        """What a ruling about `item` may depend on, read in the transaction of `conn`."""
        ws = self.books.workspace
        return World(
            now=now,
            book=self.books.present(conn, now),
            book_of=lambda version: self.books.of(conn, version),
            item=item,
            number=lambda prefix: items.next_number(conn, ws, prefix),
            alike=lambda workflow, text: items.open_like(conn, ws, workflow, text, ALIKE_AT_MOST),
            failure=lambda cause: items.failure(conn, ws, cause),
            held=lambda person: items.held(conn, ws, person),
            raised=lambda workflow, code, most: repeats.raised(conn, ws, workflow, code, most),
            latest=lambda cause: repeats.latest(conn, ws, cause),
            bound=lambda name: items.load(conn, ws, threads.find(conn, ws, [name]) or ""),
            record=lambda key: [recorded.entry for recorded in ledger.of_item(conn, ws, key)],
            other=lambda key: items.load(conn, ws, key),
            like=lambda one, trouble: self.books.precedents.like(conn, ws, one, trouble),
            pauses=pauses.standing(conn, ws),
            backlog=lambda: pauses.backlog(conn, ws),
        )

    async def _quarantine(self, event: Event, raw: bytes, problem: Exception) -> Taken:
        """Keep what the rules failed on under its own id, and tell the operator, in one transaction."""
        ws, kind, what = self.books.workspace, type(event).__name__, type(problem).__name__
        alone = isinstance(event, Posted | Edited | Deleted) and event.direct
        if alone:
            raw = b""  # said to us alone: it is nobody's to look at, and its writer, who is told, has it still
        failure = unhandled(event, what)

        def kept(conn: Any) -> None:
            place = event.inbox if isinstance(event, Mailed | Unreadable) else ""
            inbox.count(conn, ws, event.id, event.at, event.via, kind, raw, place)
            inbox.settle(conn, ws, event.id, "quarantined", None, f"{what} in the rules")
            if not alone:
                keep_whole(conn, ws, event, raw)
            if isinstance(event, Due):
                timers.drop(conn, _timer(ws, event))

        lane = confined(event, self.books.current)

        def told(conn: Any) -> bool:
            kept(conn)
            # Whose it is decides who may hear of it.
            about = self._concerned(conn, event)
            told = self.within(conn, replace(failure, item=about.key if about else None, workflow=lane))
            inbox.settle(conn, ws, event.id, "quarantined", told.key or None, f"{what} in the rules")
            return bool(lane) or (about is not None and self.books.workflow(conn, about).private)

        # A failure whose own record fails would report itself for ever: it is kept, and the log has it.
        telling, private = not isinstance(event, Failed), bool(lane)
        try:
            private = bool(await self._write(told if telling else kept))
        except Busy:
            raise
        except Exception:
            log.exception("the operator could not be told of what is kept as %s", event.id)
            await self._write(kept)
        answered = isinstance(event, Command) or (alone and isinstance(event, Posted))
        return Taken(ignored="quarantined", reply=sorry(self.books.current, private=private) if answered else None)

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
        try:
            await self.take(without_database(self.books.workspace, since, self.clock(), why))
        except Busy:
            self._away = (since, why)


def _timer(ws: str, event: Due) -> timers.DueTimer:
    return timers.DueTimer(ws=ws, item=event.item, kind=event.kind, subject=event.subject, due_at=event.due_at)
