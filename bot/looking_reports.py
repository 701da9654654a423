"""Reports for the web page: each is read once for all its readers, one at a time, and kept for some minutes."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Final

from bot.books import Books
from bot.desk import BUSY
from bot.reports import report_of
from handlers.ports import Busy
from rules.reports import Report
from storage.store import Store, Unavailable

#: A report covers weeks: one that is some minutes old says the same, and pressing reload costs nothing.
KEPT_FOR: Final = timedelta(minutes=5)
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


class KeptReports:
    """No report says more to one reader than to another: private work is in none."""

    def __init__(self, store: Store, books: Books) -> None:
        self._store, self._books = store, books
        self._kept: dict[str, tuple[object, Report]] = {}
        # A question over years of work takes its time: two at once would take the readers' threads from everybody.
        self._alone = asyncio.Lock()

    async def of(self, name: str, now: datetime) -> Report:
        """The report of that name as it stood at most some minutes before `now` (UTC). Raises Busy."""
        key = ((now - _EPOCH) // KEPT_FOR, self._books.current.version)
        async with self._alone:
            kept = self._kept.get(name)
            if kept is None or kept[0] != key:
                try:
                    report = await self._store.read(lambda conn: report_of(conn, self._books, name, now))
                except Unavailable as problem:
                    raise Busy(BUSY) from problem
                kept = self._kept[name] = (key, report)
        return kept[1]
