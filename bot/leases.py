"""What the courier has claimed of the outbox is its own for as long as it works on it, and nobody else's."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Collection
from datetime import datetime, timedelta

from handlers.ports import Sleep
from storage import outbox
from storage.outbox import Claimed
from storage.store import Conflict, Store, Unavailable

log = logging.getLogger(__name__)

LEASE = timedelta(seconds=120)
BATCH = 64


class Leases:
    """Claims notices, lengthens the leases of those that wait long for Slack's pace, and knows which are still held.

    `quiet` is held by whoever fires due timers, so that reminders that come due together are claimed together.
    """

    def __init__(self, store: Store, clock: Callable[[], datetime], quiet: asyncio.Lock, sleep: Sleep) -> None:
        self._store, self._clock, self._quiet, self._sleep = store, clock, quiet, sleep
        self._renewed = clock()
        self._until: dict[str, datetime] = {}

    async def claim(self, under_way: Collection[str]) -> list[Claimed]:
        """The next notices, one of a lane (and its reminders); BATCH of them when there may be more at once.

        `under_way` are the ids of those that are being worked on. None where the database can't be had.
        """
        try:
            await self._renew(under_way)
            async with self._quiet:
                now = self._clock()
                claimed = await self._store.write(lambda conn: outbox.claim(conn, now, LEASE.total_seconds(), BATCH))
        except (Unavailable, Conflict) as problem:
            log.warning("the outbox can't be read: %s", problem)
            await self._sleep(1.0)
            return []
        left = {id: until for id, until in self._until.items() if id in under_way}
        self._until = {**left, **{claim.id: now + LEASE for claim in claimed}}
        return claimed

    def hold(self, claims: Collection[Claimed]) -> bool:
        """Whether these are still ours to send. A process that was stopped for minutes must not send what another has.

        Whoever claims them now looks first whether they arrived.
        """
        now = self._clock()
        ours = all(now < self._until.get(claim.id, now) for claim in claims)
        if not ours:
            log.warning("the lease of %d notices was over before they were sent", len(claims))
        return ours

    async def _renew(self, under_way: Collection[str]) -> None:
        """At a minute's limit the wait for a turn may be longer than a lease."""
        now = self._clock()
        if under_way and now >= self._renewed + LEASE / 3:
            ids = [id for id in under_way if now < self._until.get(id, now)]
            await self._store.write(lambda conn: outbox.renew(conn, ids, now + LEASE))
            self._renewed = now
            self._until |= dict.fromkeys(ids, now + LEASE)
