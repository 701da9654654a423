"""What of the shelves each page shows its reader, on one snapshot: by the rights of every other door."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Final

from bot.answering import item_shelf
from bot.books import Books
from bot.holding_back import shown
from bot.looking_lists import items_page
from handlers.looking import Filters, Wanted
from rules.board import waiting
from rules.book.rulebook import Rulebook, Workflow
from rules.commands import as_key
from rules.events import Command, Verb
from rules.home import CLOSED_AT_MOST, CLOSED_FOR
from rules.items import Item
from rules.links import related
from rules.looking import Sheet
from rules.people import may_see
from rules.reading import answer
from rules.rights import refusal
from rules.wording import model, sheets
from storage import items, looking, questions

#: The lane is put in order in one piece: of more than so many exceptions those that are due later are left out.
LANE_AT_MOST: Final = 200
#: Of each of somebody's lists.
MINE_AT_MOST: Final = 100
ROWS: Final = 50

Page = tuple[Sheet | None, Filters | None, Mapping[str, str]]


@dataclass(frozen=True, slots=True)
class View:
    """What one person sees at one moment, on one snapshot."""

    conn: Any
    books: Books
    book: Rulebook
    me: str
    now: datetime
    base: str

    def page(self, wanted: Wanted) -> Page:
        match wanted.place:
            case "lane":
                return self._lane(start_of(wanted))
            case "mine":
                return self._mine(), None, {}
            case "items":
                return items_page(self.conn, self.books, wanted.asked, self.sees, self.now, self.address)
            case "item":
                return self._item(wanted.name), None, {}
            case _ if refusal("report", self.book, self.me) is not None:
                return None, None, {}
            case "trends":
                return sheets.trends(()), None, {}
            case "reports":
                return sheets.offered(self.book, self.base), None, {}
            case "workflow":
                reply = model.answered(wanted.name.lower(), self.book)
                return None if reply.refused else sheets.on_one_page(reply.message), None, {}
            case "report":
                return None, None, {}  # read apart

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
        own = looking.open_items(conn, ws, owner=me, limit=most)
        asked = items.listing(conn, ws, requester=me, include_docket=True, limit=most)
        ended = items.ended(conn, ws, me, self.now - CLOSED_FOR, CLOSED_AT_MOST)
        known = {item.key: item for item in (*own, *asked, *ended)}
        for key in looking.decided_by(conn, ws, me, most):
            if key not in known and (item := items.load(conn, ws, key)) is not None:
                known[key] = item
        seen = shown(conn, self.books, [item for item in known.values() if self.sees(item)])
        return sheets.mine(me, seen, self.book, self.flow, self.now, self.address, most)

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


def start_of(wanted: Wanted) -> int:
    """The number of the row that a page begins with, as its address says."""
    start = wanted.asked.get("from", "")[:9]
    return int(start) if start.isascii() and start.isdecimal() else 0
