"""The web page's desk: who is signed in, and what of the shelves each page shows its reader; a page changes nothing."""

from __future__ import annotations

import logging
import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TYPE_CHECKING, Any, TypeVar
from zoneinfo import ZoneInfo

from bot import ways_in
from bot.books import Books
from bot.courier import Courier
from bot.desk import BUSY
from bot.letters import names
from bot.looking_reports import KeptReports
from bot.looking_view import ROWS, View, start_of
from bot.pictures import NotDrawn
from bot.tokens import Tokens
from handlers.looking import Seen, Wanted
from handlers.pieces import Reading
from handlers.ports import Busy
from rules.book.rulebook import Rulebook
from rules.links import LOOK
from rules.people import zone_of
from rules.reports import COVERS, QUESTIONS, Report
from rules.rights import refusal
from rules.wording import sheets
from storage import tokens, web_sessions
from storage.store import Conflict, Store, Unavailable

if TYPE_CHECKING:
    from handlers.web.listen import WebDoor

T = TypeVar("T")
log = logging.getLogger(__name__)

#: Whoever looks around opens pages faster than whoever decides.
TAPS_AT_ONCE, TAPS_A_MINUTE = 60, 120


@dataclass(frozen=True, slots=True, kw_only=True)
class LookingIn:
    """handlers/looking.LookDesk. The courier knows what people outside the rulebook are called, and who draws."""

    store: Store
    books: Books
    tokens: Tokens
    clock: Callable[[], datetime]
    courier: Courier
    reports: KeptReports

    @property
    def base(self) -> str:
        return f"{self.books.public_url.rstrip('/')}{LOOK}"

    async def invited(self, token: str) -> str | None:
        def whose(conn: Any) -> str | None:
            found = self._way_in(conn, token)
            return self.books.current.named(found.person) if found else None

        return await self._read(whose)

    async def enter(self, token: str) -> str | None:
        session, ws = secrets.token_urlsafe(32), self.books.workspace

        def begun(conn: Any) -> str | None:
            now, found = self.clock(), self._way_in(conn, token)
            if found is None:
                return None
            tokens.spend(conn, ws, found.id, now, "web")
            until = now + ways_in.SESSION_LASTS
            web_sessions.begin(conn, ws, self.tokens.session(session), found.person, now, until)
            return session

        return await self._write(begun)

    async def leave(self, session: str, *, everywhere: bool) -> None:
        ws, digest = self.books.workspace, self.tokens.session(session)

        def ended(conn: Any) -> None:
            person = web_sessions.person_of(conn, ws, digest, self.clock()) if everywhere else None
            web_sessions.end(conn, ws, digest)
            if person is not None:
                web_sessions.end_all(conn, ws, person)

        await self._write(ended)

    async def signed_in(self, session: str) -> bool:
        return await self._read(lambda conn: self._reader(conn, session, self.clock()) is not None)

    async def seen(self, session: str, wanted: Wanted) -> Seen | None:
        found = await self._read(lambda conn: self._seen(conn, session, wanted))
        if found is not None and found.reports and wanted.place == "report" and wanted.name in QUESTIONS:
            report = await self.reports.of(wanted.name, found.at)
            return _with_report(found, report, found.at, start_of(wanted))
        illustrator = self.courier.illustrator
        if found is None or wanted.place != "trends" or not found.reports or illustrator is None:
            return found
        try:
            pictures = await illustrator.shown(found.at)
        except Unavailable as problem:
            raise Busy(BUSY) from problem
        return replace(found, sheet=sheets.trends(pictures))

    async def plot(self, session: str, name: str) -> bytes | None:
        now, illustrator = self.clock(), self.courier.illustrator
        reader = await self._read(lambda conn: self._reader(conn, session, now))
        if reader is None or refusal("report", reader[1], reader[0]) is not None or illustrator is None:
            return None
        try:
            image = await illustrator.image(name, now)
        except Unavailable as problem:
            raise Busy(BUSY) from problem
        except NotDrawn as problem:  # the page says its numbers in words
            log.warning("a picture was not drawn: %s", problem)
            return None
        return image.png if image else None

    def _way_in(self, conn: Any, token: str) -> ways_in.WayIn | None:
        now = self.clock()
        found = ways_in.read(self.tokens, token, self.books.present(conn, now), now)
        return None if found is None or tokens.spent(conn, self.books.workspace, found.id) else found

    def _reader(self, conn: Any, session: str, now: datetime) -> tuple[str, Rulebook] | None:
        """Who is signed in, while the rulebook has them and they can be reached; and who is there now."""
        person = web_sessions.person_of(conn, self.books.workspace, self.tokens.session(session), now)
        if person is None:
            return None
        book = self.books.present(conn, now)
        known = book.people.get(person)
        return (person, book) if known is not None and not known.gone else None

    def _seen(self, conn: Any, session: str, wanted: Wanted) -> Seen | None:
        now = self.clock()
        reader = self._reader(conn, session, now)
        if reader is None:
            return None
        me, book = reader
        zone = ZoneInfo(zone_of(book, me))
        directory = self.courier.directory
        called = {**(directory.names if directory is not None else {}), **names(book)}
        view = View(conn, self.books, book, me, now, self.base)
        sheet, filters, onward = view.page(wanted)
        return Seen(
            sheet=sheet,
            reader=book.named(me),
            organization=book.organization,
            at=now,
            reading=Reading(names=called, zone=zone, today=now.astimezone(zone).date()),
            base=self.base,
            reports=refusal("report", book, me) is None,
            filters=filters,
            onward=onward,
        )

    async def _read(self, work: Callable[[Any], T]) -> T:
        try:
            return await self.store.read(work)
        except Unavailable as problem:
            raise Busy(BUSY) from problem

    async def _write(self, work: Callable[[Any], T]) -> T:
        try:
            return await self.store.write(work)
        except (Unavailable, Conflict) as problem:
            raise Busy(BUSY) from problem


def serve_look(
    door: WebDoor,
    store: Store,
    books: Books,
    tokens: Tokens,
    clock: Callable[[], datetime],
    courier: Courier,
) -> None:
    """Add the pages to a door that has not started. The courier knows strangers' names, and who draws."""
    from handlers.web.look import LookPages
    from handlers.web.taps import Taps

    desk = LookingIn(
        store=store, books=books, tokens=tokens, clock=clock, courier=courier, reports=KeptReports(store, books)
    )
    taps = Taps(time.monotonic, burst=TAPS_AT_ONCE, per_minute=TAPS_A_MINUTE)
    LookPages(desk, tokens.proof, taps, secure=books.public_url.startswith("https://")).serve(door)


def _with_report(seen: Seen, report: Report, now: datetime, first: int) -> Seen:
    sheet = sheets.reported(report, now - COVERS, first, ROWS, lambda key: f"{seen.base}items/{key}")
    return replace(seen, sheet=sheet, onward={"from": str(first + ROWS)} if len(report.rows) > first + ROWS else {})
