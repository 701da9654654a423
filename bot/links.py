"""Answers about links: where related items live, what a shared link shows, where an item's own address leads."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeVar

from bot.books import Books
from handlers.ports import Busy
from rules.book.rulebook import Workflow
from rules.entries import Entry
from rules.items import Item
from rules.links import Dwelling, dwelling, preview, related, threads
from rules.messages import Message
from rules.wording.handoffs import Past
from storage import items, ledger
from storage.store import Store, Unavailable

T = TypeVar("T")


def threads_of(conn: Any, books: Books, item: Item) -> dict[str, str]:
    """The addresses of the threads of the items that `item`'s card speaks of, by their keys."""
    found = (items.load(conn, books.workspace, key) for key in related(item))
    others = ((other, books.workflow(conn, other)) for other in found if other is not None)
    return threads(others, books.public_url)


def past_of(conn: Any, books: Books, item: Item) -> Past:
    """What lies behind an item, for its handoff card: its entries, and the item that it comes from with its own."""
    came = next((link.key for link in item.links if link.relation == "from"), "")
    origin = items.load(conn, books.workspace, came) if came else None
    before = (origin, books.workflow(conn, origin), _entries(conn, books, origin.key)) if origin else None
    return Past(entries=_entries(conn, books, item.key), origin=before)


def _entries(conn: Any, books: Books, key: str) -> list[Entry]:
    return [recorded.entry for recorded in ledger.of_item(conn, books.workspace, key)]


@dataclass(frozen=True, slots=True)
class Links:
    """handlers/ports.Previews, and what handlers/web/items.py asks."""

    store: Store
    books: Books
    clock: Callable[[], datetime]

    async def preview(self, key: str, by: str) -> Message | None:
        """What everybody may see where `by` shares a link to that item. Raises Busy."""
        book, now = self.books.current, self.clock()
        return await self._of(key, lambda item, work: preview(item, work, book, book.person_of(by), now))

    async def where(self, key: str) -> Dwelling | None:
        """Where the item of that key lives, for anybody. Raises Busy."""
        return await self._of(key, lambda item, work: dwelling(item, work, self.books.current))

    async def _of(self, key: str, told: Callable[[Item, Workflow], T | None]) -> T | None:
        def read(conn: Any) -> T | None:
            item = items.load(conn, self.books.workspace, key)
            return None if item is None else told(item, self.books.workflow(conn, item))

        try:
            return await self.store.read(read)
        except Unavailable as problem:
            raise Busy(str(problem)) from problem
