"""What one instance at a time does of all that work on one database, and which of it is this one's."""

from __future__ import annotations

import asyncio
import logging
import os
import platform
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import datetime
from typing import Any
from uuid import uuid4

from storage import leases
from storage.store import Conflict, Store, Unavailable

log = logging.getLogger(__name__)

#: An instance that dies keeps its duties for so long, and the others look this often: taken over within 25 seconds.
LEASE_SECONDS, LOOK_SECONDS = 20.0, 5.0

#: Names of duties; `inbox:NAME` is one for each inbox.
HOMES, ABSENCES, HISTORY = "homes", "absences", "slack history"
SEALS, WATCHDOG = "seals", "watchdog"


def inbox(name: str) -> str:
    """The duty of reading an inbox."""
    return f"inbox:{name}"


class Duties:
    """Duties are leases in the database, which an instance that lives has again and again.

    One that can't reach the database ceases to do them when its lease is over, by a clock that nobody turns. On SQLite
    there is one instance, which has every duty always (storage/sqlite_sole.py).
    """

    def __init__(
        self,
        store: Store,
        workspace: str,
        clock: Callable[[], datetime],
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._store, self._ws, self._clock, self._monotonic = store, workspace, clock, monotonic
        self.holder = f"{platform.node()}:{os.getpid()}:{uuid4().hex[:8]}"
        self._ours_until: dict[str, float] = {}  # each duty that we want: until when it is ours
        self._hurry = asyncio.Event()
        self._changed = asyncio.Condition()
        self._callbacks: list[Callable[[], None]] = []

    def want(self, name: str) -> Callable[[], bool]:
        """Have that duty whenever no other instance has it; what this gives says whether it is ours now."""
        self._ours_until.setdefault(name, 0.0)
        self._hurry.set()
        return lambda: self.ours(name)

    def ours(self, name: str) -> bool:
        """Whether this instance does it now."""
        return not self._store.shared or self._monotonic() < self._ours_until.get(name, 0.0)

    def subscribe(self, callback: Callable[[], None]) -> None:
        """Call `callback` in the event loop when a duty became ours: there may be something to do."""
        self._callbacks.append(callback)

    @asynccontextmanager
    async def alone(self, name: str) -> AsyncIterator[None]:
        """Do something while no other instance does it; waits for its turn."""
        if not self._store.shared:
            yield
            return
        self.want(name)
        try:
            async with self._changed:
                await self._changed.wait_for(lambda: self.ours(name))
            yield
        finally:
            self._ours_until.pop(name, None)
            await self._give_back([name])

    async def run(self, stop: asyncio.Event) -> None:
        """Have our duties again and again, and look for those of instances that died, until `stop`."""
        if not self._store.shared:
            return
        stopping = asyncio.create_task(stop.wait())
        try:
            while not stop.is_set():
                self._hurry.clear()
                await self.look()
                hurried = asyncio.create_task(self._hurry.wait())
                await asyncio.wait({stopping, hurried}, timeout=LOOK_SECONDS, return_when=asyncio.FIRST_COMPLETED)
                hurried.cancel()
        finally:
            stopping.cancel()

    async def look(self) -> None:
        """Have what is ours for longer, and what is nobody's from now on; never raises."""
        # In one order, so that two instances can't wait for each other's rows.
        names, began = sorted(self._ours_until), self._monotonic()

        def work(conn: Any) -> list[str]:
            now = self._clock()
            return [name for name in names if leases.take(conn, self._ws, name, self.holder, now, LEASE_SECONDS)]

        try:
            got = await self._store.write(work)
        except (Unavailable, Conflict) as problem:
            log.warning("who does what can't be agreed upon now: %s", problem)
            return
        before = {name for name in names if self.ours(name)}
        for name in names:
            if name in self._ours_until:
                self._ours_until[name] = began + LEASE_SECONDS if name in got else 0.0
        if gone := sorted(before - set(got)):
            log.warning("another instance has taken over: %s", ", ".join(gone))
        if new := sorted(set(got) - before):
            log.info("this instance does: %s", ", ".join(new))
            async with self._changed:
                self._changed.notify_all()
            for callback in self._callbacks:
                callback()

    async def close(self) -> None:
        """Give all back, for whoever goes on."""
        if self._store.shared:
            ours = [name for name in self._ours_until if self.ours(name)]
            self._ours_until.clear()
            await self._give_back(ours)

    async def _give_back(self, names: list[str]) -> None:
        def work(conn: Any) -> None:
            for name in sorted(names):
                leases.give_back(conn, self._ws, name, self.holder)

        try:
            await self._store.write(work)
        except (Unavailable, Conflict):
            log.info("leases could not be handed back; they end by themselves")
