"""Answers about links: where related items live, what a shared link shows, where an item's own address leads."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeVar

from bot.books import Books
from handlers.ports import Busy
from rules.book.rulebook import Workflow
from rules.items import Item
from rules.links import Dwelling, dwelling, preview, related, threads
from rules.messages import Message
from storage import items
from storage.store import Store, Unavailable

T = TypeVar("T")


def threads_of(conn: Any, books: Books, item: Item) -> dict[str, str]:
    """The addresses of the threads of the items that `item`'s card speaks of, by their keys."""
    found = (items.load(conn, books.workspace, key) for key in related(item))
    return threads((other, books.workflow(conn, other)) for other in found if other is not None)


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
