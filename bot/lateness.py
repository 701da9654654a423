"""How late due times fire: counted for /metrics, and kept by the hour for the line in the digest."""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from bot.metrics import Metrics
from rules.digest_facts import Punctuality
from storage import timers, watch
from storage.store import Conflict, Store, Unavailable

log = logging.getLogger(__name__)

#: Sooner than that nobody is late: it is firing at this moment.
UNDER_WAY = timedelta(minutes=1)
#: Of those that have not fired so many are counted.
MOST = 1000


class Lateness:
    """`fired` is called for each due time, `keep` once when all that was due has fired."""

    def __init__(self, store: Store, workspace: str, clock: Callable[[], datetime], metrics: Metrics) -> None:
        self._store, self._ws, self._clock, self._metrics = store, workspace, clock, metrics
        self._count, self._latest_seconds = 0, 0.0

    def fired(self, due_at: datetime) -> None:
        """What was due then has fired now."""
        seconds = max(0.0, (self._clock() - due_at).total_seconds())
        self._metrics.fired(seconds)
        self._count, self._latest_seconds = self._count + 1, max(self._latest_seconds, seconds)

    async def keep(self) -> None:
        """Write down what has fired since the last time; where the database can't be had, with the next."""
        count, latest, now = self._count, self._latest_seconds, self._clock()
        if not count:
            return
        self._count, self._latest_seconds = 0, 0.0
        try:
            await self._store.write(lambda conn: watch.fired(conn, self._ws, now, count, latest))
        except (Unavailable, Conflict) as problem:
            log.info("how late due times were is written down later: %s", problem)
            self._count, self._latest_seconds = self._count + count, max(self._latest_seconds, latest)


def punctuality(conn: Any, ws: str, since: datetime, until: datetime, *, now: bool) -> Punctuality:
    """How punctual the bot was in that time; with `now`, also what is due by its end and has not fired yet."""
    late = watch.late(conn, ws, since, until)
    unfired = timers.due(conn, until - UNDER_WAY, MOST) if now else []
    oldest = min((timer.due_at for timer in unfired), default=None)
    return Punctuality(
        fired=late.fired,
        latest_seconds=late.latest_seconds,
        unfired=len(unfired),
        unfired_seconds=(until - oldest).total_seconds() if oldest else 0.0,
    )
