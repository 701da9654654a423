"""Seals the record every hour and before each digest, in parts that leave intake its room (M142)."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from datetime import datetime, timedelta

from storage import seals
from storage.store import Conflict, Store, Unavailable

log = logging.getLogger(__name__)

EVERY = timedelta(hours=1)
#: How often, and first after a start, the whole record is looked through and not its last hours alone.
WHOLE_EVERY = timedelta(days=1)
LOOK_SECONDS = 60.0
#: A digest does not wait until a long record has its first seals; it names the newest one that there is.
PARTS_BEFORE_A_DIGEST = 4


class Sealing:
    """`seal` seals what is not sealed yet; `run` does so every hour by the bot's clock, where it is `ours` to do.

    That only spares work: whatever instances seal at once make one chain (storage/seals.py).
    """

    def __init__(self, store: Store, workspace: str, clock: Callable[[], datetime]) -> None:
        self._store, self._ws, self._clock = store, workspace, clock
        self.ours: Callable[[], bool] = lambda: True  # set by the composition
        self._last: datetime | None = None  # when it was this one's to seal last, by the bot's clock
        self._whole: datetime | None = None  # when the whole record was looked through last
        self._alone = asyncio.Lock()  # a digest's part comes between two of the hour's
        self._wake = asyncio.Event()

    def wake(self) -> None:
        """The clock may have moved. To be called in the event loop."""
        self._wake.set()

    async def run(self, stop: asyncio.Event) -> None:
        """Seal at the start and then every hour, until `stop`."""
        while not stop.is_set():
            self._wake.clear()
            if self.ours() and self._is_time():
                await self.seal(stop=stop)
            woken = [asyncio.create_task(event.wait()) for event in (self._wake, stop)]
            await asyncio.wait(woken, timeout=LOOK_SECONDS, return_when=asyncio.FIRST_COMPLETED)
            for task in woken:
                task.cancel()

    def _is_time(self) -> bool:
        # A clock that was put back must not stop the sealing until it has caught up.
        return self._last is None or not self._last <= self._clock() < self._last + EVERY

    async def before_digest(self) -> None:
        """What happened up to now is under the seal that the digest names; never raises."""
        await self._parts(whole=False, most=PARTS_BEFORE_A_DIGEST)

    async def seal(self, stop: asyncio.Event | None = None) -> int:
        """Seal all that is not sealed yet, in as many parts as it takes; says how many. Never raises."""
        now = self._clock()
        whole = self._whole is None or not self._whole <= now < self._whole + WHOLE_EVERY
        made = await self._parts(whole=whole, stop=stop)
        self._last = now
        if whole:
            self._whole = now
        return made

    async def _parts(self, *, whole: bool, most: int | None = None, stop: asyncio.Event | None = None) -> int:
        since, made = None, 0
        try:
            while most is None or made < most:
                async with self._alone:
                    found = await self._part(since, whole=whole)
                if found is None:
                    break
                made, since = made + 1, found.reached
                if not found.more or (stop is not None and stop.is_set()):
                    break
        except (Unavailable, Conflict) as problem:
            log.info("the record is sealed later: %s", problem)
        except Exception:
            # What can't be sealed now must hold up nothing; `ledger verify` says what is not sealed.
            log.exception("the record could not be sealed")
        return made

    async def _part(self, since: datetime | None, *, whole: bool) -> seals.Unsealed | None:
        """Seal once; None: there was nothing to seal, or another instance has just sealed."""
        now, ws = self._clock(), self._ws
        found = await self._store.read(lambda conn: seals.unsealed(conn, ws, since, whole=whole))
        if not found.entries:
            return None
        made = await self._store.write(lambda conn: seals.seal(conn, ws, found, now))
        return None if made is None else found
