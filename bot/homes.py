"""Keeps the Home tabs fresh of those who opened them lately: at each change it publishes what looks different."""

from __future__ import annotations

import asyncio
import logging
import time
from collections import deque
from collections.abc import Callable, Sequence
from contextlib import suppress
from datetime import datetime, timedelta
from typing import Any

from bot.answering import homes as homes_of
from bot.books import Books
from bot.desk import BUSY
from bot.outages import Outages
from handlers.ports import Busy, Drawn, HomeTabs, Lasting, Outdated, Passing, Turns
from rules.home import Home
from storage import homes
from storage.homes import Open
from storage.store import Conflict, Store, Unavailable

log = logging.getLogger(__name__)

#: Who opened their Home longer ago has turned to something else; on coming back they open it again.
LATELY = timedelta(hours=2)
#: One click makes several commits: what they change together is published once.
DEBOUNCE_SECONDS = 0.3
#: Of the hundred a minute that Slack allows (views.publish, tier 4) so many refresh; the rest is for who opens now.
REFRESHES, REFRESHES_SECONDS = 60, 60.0
#: So many Homes are read in one snapshot: with many of them the first are not kept waiting for the last.
BATCH = 20
RETRY_SECONDS = (2.0, 5.0, 15.0, 60.0)
METHOD = "views.publish"
CAUSE = "home"


class Homes:
    """handlers/ports.HomeDesk. What it knows is in the database: a restart, or another instance, goes on from there.

    `ours`: whether this instance keeps them fresh; the others only draw what is opened.
    """

    def __init__(
        self,
        store: Store,
        books: Books,
        tabs: HomeTabs,
        clock: Callable[[], datetime],
        outages: Outages,
        turns: Turns,
        monotonic: Callable[[], float] = time.monotonic,
        ours: Callable[[], bool] = lambda: True,
    ) -> None:
        self._store, self._books, self._tabs, self._clock = store, books, tabs, clock
        self._outages, self._turns, self._monotonic, self._ours = outages, turns, monotonic, ours
        self._looking = asyncio.Lock()
        self._woken, self._hurry = asyncio.Event(), asyncio.Event()
        self._refreshed: deque[float] = deque()
        self._until: datetime | None = None
        self._over = False

    async def opened(self, reader: str, page: int = 0) -> None:
        """Somebody opened their Home or turned a page of it: it is drawn at once. Raises Busy."""
        ws, now = self._books.workspace, self._clock()
        try:
            await self._store.write(lambda conn: homes.opened(conn, ws, reader, page, now))
        except (Unavailable, Conflict) as problem:
            raise Busy(BUSY) from problem
        self._hurry.set()

    def close(self) -> None:
        """Slack has ended the installation: nothing is drawn any more."""
        self._over = True

    def wake(self) -> None:
        """Something was committed, or the clock was pushed."""
        self._woken.set()

    async def run(self, stop: asyncio.Event) -> None:
        """Look at every change and every due time that a Home shows, until `stop`."""
        stopping = asyncio.create_task(stop.wait())
        failures = 0
        self._hurry.set()  # an earlier process may have left something undrawn
        try:
            while not stop.is_set():
                await self._any(stopping, self._hurry, self._woken, seconds=self._seconds_left())
                await self._any(stopping, self._hurry, seconds=DEBOUNCE_SECONDS)
                if stop.is_set():
                    return
                began = self._monotonic()
                looking = asyncio.create_task(self._looked(failures))
                await asyncio.wait({looking, stopping}, return_when=asyncio.FIRST_COMPLETED)
                if not looking.done():  # a Home is no reason to keep a stop waiting
                    looking.cancel()
                    await asyncio.gather(looking, return_exceptions=True)
                    return
                pause = looking.result()
                failures = failures + 1 if pause else 0
                # With very many readers it takes no more than a third of a thread, however often something changes.
                pause = pause or 2 * (self._monotonic() - began)
                await self._any(stopping, *(() if failures else (self._hurry,)), seconds=pause)
        finally:
            stopping.cancel()

    async def look(self) -> None:
        """Publish every Home that looks different from what stands there. Raises Busy and Passing."""
        async with self._looking:
            while not await self._round():
                pass

    async def _looked(self, failures: int) -> float:
        """One look; says how many seconds to wait after it because something failed, 0 where nothing did."""
        seconds = RETRY_SECONDS[min(failures, len(RETRY_SECONDS) - 1)]
        try:
            await self.look()
        except Busy as problem:
            log.warning("Homes can't be read: %s", problem)
        except Passing as problem:
            log.warning("a Home could not be published: %s", problem)
            seconds = problem.retry_after_seconds or seconds
            if problem.retry_after_seconds is not None:
                self._turns.refused(METHOD, seconds)
        except Exception as problem:
            log.exception("Homes could not be drawn")
            with suppress(Busy):
                await self._outages.failed(CAUSE, f"A Home tab could not be drawn ({type(problem).__name__}).")
            seconds = RETRY_SECONDS[-1]
        else:
            return 0.0
        self._woken.set()  # what is not published yet is still to be
        return seconds

    async def _round(self) -> bool:
        """Draw all that are open; whether that is done, or somebody came in between who is to be served first."""
        self._woken.clear()
        self._hurry.clear()
        self._until = None
        if self._over:
            return True
        tabs = await self._read_tabs()
        if not self._ours():
            tabs = [tab for tab in tabs if not tab.shown]
        for start in range(0, len(tabs), BATCH):
            some = tabs[start : start + BATCH]
            for tab, home in zip(some, await self._read_homes(some), strict=True):
                if home.until is not None:
                    self._until = min(home.until, self._until or home.until)
                drawn = await self._tabs.draw(tab.reader, home, tab.page)
                if drawn.digest != tab.shown:
                    if tab.shown and not await self._room():
                        return False
                    await self._publish(tab, drawn)
                if self._hurry.is_set():
                    return False
        return True

    async def _publish(self, tab: Open, drawn: Drawn) -> None:
        ws = self._books.workspace
        await self._turns.call(METHOD)
        try:
            name = await self._tabs.publish(drawn, tab.hash)
        except Outdated:
            await self._write(lambda conn: homes.outdated(conn, ws, tab))
            self._woken.set()
        except Lasting as problem:
            if self._over:  # which it was not until this showed it
                return
            log.warning("a Home can't be published: %s", problem)
            await self._write(lambda conn: homes.forget(conn, ws, tab.reader))
            with suppress(Busy):
                await self._outages.failed(CAUSE, f"The Home of {tab.reader} can't be shown. {problem}")
        else:
            await self._write(lambda conn: homes.published(conn, ws, tab, drawn.digest, name))

    async def _room(self) -> bool:
        """Wait until one more refresh may go; False where somebody opened their Home meanwhile."""
        while (seconds := self._full_for()) > 0:
            with suppress(TimeoutError):
                await asyncio.wait_for(self._hurry.wait(), seconds)
                return False
        self._refreshed.append(self._monotonic())
        return True

    def _full_for(self) -> float:
        now = self._monotonic()
        while self._refreshed and now - self._refreshed[0] >= REFRESHES_SECONDS:
            self._refreshed.popleft()
        return self._refreshed[0] + REFRESHES_SECONDS - now if len(self._refreshed) >= REFRESHES else 0.0

    async def _read_tabs(self) -> list[Open]:
        ws, since = self._books.workspace, self._clock() - LATELY
        try:
            return await self._store.read(lambda conn: homes.recent(conn, ws, since))
        except Unavailable as problem:
            raise Busy(BUSY) from problem

    async def _read_homes(self, tabs: Sequence[Open]) -> list[Home]:
        readers, now = [tab.reader for tab in tabs], self._clock()
        try:
            return await self._store.read(lambda conn: homes_of(conn, self._books, readers, now))
        except Unavailable as problem:
            raise Busy(BUSY) from problem

    async def _write(self, work: Callable[[Any], None]) -> None:
        try:
            await self._store.write(work)
        except (Unavailable, Conflict) as problem:
            raise Busy(BUSY) from problem

    def _seconds_left(self) -> float | None:
        """Until the next due time that a Home shows; the bot's clock may be pushed by hand, which wakes us, too."""
        return None if self._until is None else max(0.0, (self._until - self._clock()).total_seconds())

    async def _any(self, stopping: asyncio.Task[bool], *events: asyncio.Event, seconds: float | None) -> None:
        """Wait for the stop, any of these events, or so many seconds."""
        waiting = [asyncio.create_task(event.wait()) for event in events]
        await asyncio.wait({stopping, *waiting}, timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
        for task in waiting:
            task.cancel()
