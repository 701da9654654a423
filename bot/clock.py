"""The time: of this machine, or of the database where several machines must agree on it."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime, timedelta

from storage.clock import now
from storage.store import Store, Unavailable

log = logging.getLogger(__name__)

#: Between two looks at the database's clock: in that time no machine's own goes wrong by a millisecond.
LOOK_SECONDS = 30.0


def wall_clock() -> datetime:
    """The time now, UTC, as this machine has it."""
    return datetime.now(UTC)


async def clock_of(store: Store) -> Callable[[], datetime]:
    """The clock by which a bot on that database lives."""
    if not store.shared:
        return wall_clock
    clock = DatabaseClock(store)
    await clock.look()
    return clock


class DatabaseClock:
    """The database's time, UTC, told on between two looks by a clock that nobody can turn.

    So instances agree on what is due and whose leases are over, whatever somebody does to the clock of one machine.
    """

    def __init__(self, store: Store, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._store, self._monotonic = store, monotonic
        self._seen, self._at = wall_clock(), monotonic()

    def __call__(self) -> datetime:
        """The time now."""
        return self._seen + timedelta(seconds=self._monotonic() - self._at)

    async def look(self) -> None:
        """Ask the database; while it can't be asked, time goes on as before."""
        began = self._monotonic()
        try:
            seen = await self._store.read(now)
        except Unavailable as problem:
            log.info("the database's clock can't be seen now: %s", problem)
            return
        ended = self._monotonic()
        self._seen, self._at = seen, (began + ended) / 2

    async def run(self, stop: asyncio.Event) -> None:
        """Look again and again, until `stop`."""
        while not stop.is_set():
            with suppress(TimeoutError):
                await asyncio.wait_for(stop.wait(), LOOK_SECONDS)
            if not stop.is_set():
                await self.look()
