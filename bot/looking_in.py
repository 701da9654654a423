"""The web page's desk: who is signed in, and what of the shelves each page shows its reader; a page changes nothing."""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final, TypeVar
from zoneinfo import ZoneInfo

from bot import ways_in
from bot.answering import item_shelf
from bot.books import Books
from bot.desk import BUSY
from bot.holding_back import shown
from bot.letters import names
from bot.looking_lists import items_page
from bot.reports import report_of
from bot.tokens import Tokens
from handlers.looking import Filters, Seen, Wanted
from handlers.pieces import Reading
from handlers.ports import Busy, Directory
from rules.board import waiting
from rules.book.rulebook import Rulebook, Workflow
from rules.commands import as_key
from rules.events import Command, Verb
from rules.home import CLOSED_AT_MOST, CLOSED_FOR
from rules.items import Item
from rules.links import LOOK, related
from rules.looking import Sheet
from rules.people import may_see, zone_of
from rules.reading import answer
from rules.reports import COVERS, QUESTIONS
from rules.rights import refusal
from rules.wording import sheets
from storage import items, looking, questions, tokens, web_sessions
from storage.store import Conflict, Store, Unavailable

if TYPE_CHECKING:
    from handlers.web.listen import WebDoor

T = TypeVar("T")

#: The lane is put in order in one piece: of more than so many exceptions those that are due later are left out.
LANE_AT_MOST: Final = 300
MINE_AT_MOST: Final = 300
ROWS: Final = 50
#: Whoever looks around opens pages faster than whoever decides.
TAPS_AT_ONCE, TAPS_A_MINUTE = 60, 120


@dataclass(frozen=True, slots=True, kw_only=True)
class LookingIn:
    """handlers/looking.LookDesk. `known` gives what people outside the rulebook are called, as far as that is known."""

    store: Store
    books: Books
    tokens: Tokens
    clock: Callable[[], datetime]
    known: Callable[[], Mapping[str, str]]

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
        return await self._read(lambda conn: self._seen(conn, session, wanted))

    def _way_in(self, conn: Any, token: str) -> ways_in.WayIn | None:
        now = self.clock()
        found = ways_in.read(self.tokens, token, self.books.present(conn, now), now)
        return None if found is None or tokens.spent(conn, self.books.workspace, found.id) else found

    def _reader(self, conn: Any, session: str, now: datetime) -> tuple[str, Rulebook] | None:
        """Who is signed in, while the rulebook has them and they can be reached; and who is there now."""
        person = web_sessions.person_of(conn, self.books.workspace, self.tokens.session(session), now)
        book = self.books.present(conn, now)
        known = book.people.get(person or "")
        return (person, book) if person and known is not None and not known.gone else None

    def _seen(self, conn: Any, session: str, wanted: Wanted) -> Seen | None:
        now = self.clock()
        reader = self._reader(conn, session, now)
        if reader is None:
            return None
        me, book = reader
        zone = ZoneInfo(zone_of(book, me))
        called = {**self.known(), **names(book)}
        view = _View(conn, self.books, book, me, now, self.base)
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
    directory: Callable[[], Directory | None],
) -> None:
    """Add the pages to a door that has not started. `directory` knows strangers' names, where there is one."""
    from handlers.web.look import LookPages
    from handlers.web.taps import Taps

    def known() -> Mapping[str, str]:
        found = directory()
        return found.names if found is not None else {}

    desk = LookingIn(store=store, books=books, tokens=tokens, clock=clock, known=known)
    taps = Taps(time.monotonic, burst=TAPS_AT_ONCE, per_minute=TAPS_A_MINUTE)
    LookPages(desk, tokens.proof, taps, secure=books.public_url.startswith("https://")).serve(door)


Page = tuple[Sheet | None, Filters | None, Mapping[str, str]]


@dataclass(frozen=True, slots=True)
class _View:
    """What one person sees at one moment, on one snapshot."""

    conn: Any
    books: Books
    book: Rulebook
    me: str
    now: datetime
    base: str

    def page(self, wanted: Wanted) -> Page:
        start = wanted.asked.get("from", "")[:9]
        first = int(start) if start.isascii() and start.isdecimal() else 0
        match wanted.place:
            case "lane":
                return self._lane(first)
            case "mine":
                return self._mine(), None, {}
            case "items":
                return items_page(self.conn, self.books, wanted.asked, self.sees, self.now, self.address)
            case "item":
                return self._item(wanted.name), None, {}
            case _ if refusal("report", self.book, self.me) is not None:
                return None, None, {}
            case "reports":
                return sheets.offered(lambda name: f"{self.base}reports/{name}"), None, {}
            case "report":
                return self._report(wanted.name, first)

    def address(self, key: str) -> str:
        return f"{self.base}items/{key}"

    def flow(self, item: Item) -> Workflow:
        return self.books.workflow(self.conn, item)

    def sees(self, item: Item) -> bool:
        return may_see(self.book, item, self.flow(item), self.me)

    def _lane(self, first: int) -> Page:
        some = questions.undecided(self.conn, self.books.workspace, LANE_AT_MOST)
        seen = shown(self.conn, self.books, [item for item in some if self.sees(item)])
        found = waiting(seen, self.book, self.flow)
        whole = len(found) < LANE_AT_MOST
        sheet = sheets.lane(found, first, ROWS, self.flow, self.now, self.address, whole=whole)
        return sheet, None, {"from": str(first + ROWS)} if len(found) > first + ROWS else {}

    def _mine(self) -> Sheet:
        conn, ws, me, most = self.conn, self.books.workspace, self.me, MINE_AT_MOST
        own = items.listing(conn, ws, owner=me, include_docket=True, limit=most)
        asked = items.listing(conn, ws, requester=me, include_docket=True, limit=most)
        ended = items.ended(conn, ws, me, self.now - CLOSED_FOR, CLOSED_AT_MOST)
        known = {item.key: item for item in (*own, *asked, *ended)}
        for key in looking.decided_by(conn, ws, me, most):
            if key not in known and (item := items.load(conn, ws, key)) is not None:
                known[key] = item
        seen = shown(conn, self.books, [item for item in known.values() if self.sees(item)])
        return sheets.mine(me, seen, self.book, self.flow, self.now, self.address)

    def _item(self, name: str) -> Sheet | None:
        key = as_key(name)
        item = items.load(self.conn, self.books.workspace, key) if key else None
        if item is None or not self.sees(item):
            return None
        shelf = item_shelf(self.conn, self.books, item)
        others = (items.load(self.conn, self.books.workspace, key) for key in related(item))
        ways = {one.key: self.address(one.key) for one in others if one is not None and self.sees(one)}
        shelf, flow = replace(shelf, threads=ways, item=shelf.item or item), self.flow(item)

        def said(verb: Verb) -> Any:
            command = Command(id="", workspace=item.workspace, at=self.now, by=self.me, via="page", verb=verb)
            return answer(command, self.book, lambda _: flow, shelf, self.now)

        show, why = said("show"), said("why")
        if show.refused or why.refused:
            return None
        return sheets.whole(shelf.item or item, flow, show.message, why.message, shelf.entries, self.now, self.address)

    def _report(self, name: str, first: int) -> Page:
        if name not in QUESTIONS:
            return None, None, {}
        report = report_of(self.conn, self.books, name, self.now)
        sheet = sheets.reported(report, self.now - COVERS, first, ROWS, self.address)
        return sheet, None, {"from": str(first + ROWS)} if len(report.rows) > first + ROWS else {}
