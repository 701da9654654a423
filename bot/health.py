"""How the bot is, part by part, and what its metrics say, for who looks from outside (M151)."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any, Protocol

from bot.books import Books
from bot.metrics import Metrics, Standing
from bot.silence import ROUND_SECONDS, Watched
from bot.watchdog import Watchdog
from storage import seals, watch
from storage.store import Store, Unavailable

log = logging.getLogger(__name__)

#: A watchdog that has found nothing wrong says so every minute; after so long it has died, or something is wrong.
GOOD_SECONDS = 180.0
#: Whoever asks waits no longer for the database.
DATABASE_SECONDS = 3.0


class Connected(Protocol):
    """Slack's door, as far as this looks."""

    @property
    def connected(self) -> bool: ...

    @property
    def over(self) -> bool: ...


class Health:
    """`parts` says of each part what is wrong; `page` is what Prometheus reads."""

    def __init__(
        self,
        store: Store,
        books: Books,
        metrics: Metrics,
        watchdog: Watchdog,
        inboxes: Sequence[Watched],
        clock: Callable[[], datetime],
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._store, self._books, self._metrics, self.watchdog = store, books, metrics, watchdog
        self._inboxes, self._clock, self._monotonic = inboxes, clock, monotonic
        self._began = monotonic()
        self.slack: Connected | None = None  # set where Slack is on

    async def parts(self) -> dict[str, str]:
        """Every part by its name with what is wrong with it, "" where nothing is."""
        found = {"database": await self._database()}
        if self.slack is not None and not self.slack.over:
            found["slack"] = "" if self.slack.connected else "not connected"
        for inbox in self._inboxes:
            if self.watchdog.reads(inbox.name):
                found[f"inbox {inbox.name}"] = self._rounds(inbox)
        found["watchdog"] = self._watched()
        return found

    async def page(self) -> tuple[bytes, str]:
        """The metrics in Prometheus' text format, with their media type."""
        standing: Standing | None = None
        try:
            async with asyncio.timeout(DATABASE_SECONDS):
                standing = await self._store.read(self._standing)
        except (Unavailable, TimeoutError) as problem:
            log.info("what the database knows is left out of the metrics: %s", problem)
        return self._metrics.page(standing, self.watchdog.good_seconds_ago)

    async def _database(self) -> str:
        try:
            async with asyncio.timeout(DATABASE_SECONDS):
                await self._store.read(lambda conn: seals.newest(conn, self._books.workspace))
        except Unavailable as problem:
            return str(problem)
        except TimeoutError:
            return f"no answer within {DATABASE_SECONDS:.0f} s"
        return ""

    def _rounds(self, inbox: Watched) -> str:
        seconds = self._monotonic() - max(self._began, inbox.rounded_at or self._began)
        return f"no good round for {seconds / 60:.0f} min" if seconds > ROUND_SECONDS else ""

    def _watched(self) -> str:
        seconds = self.watchdog.good_seconds_ago
        if seconds is None:
            return "no good round since the start"
        return f"no good round for {seconds / 60:.0f} min" if seconds > GOOD_SECONDS else ""

    def _standing(self, conn: Any) -> Standing:
        ws, now = self._books.workspace, self._clock()
        waiting = {"slack": (0, 0.0), "mail": (0, 0.0)}
        for row in watch.waiting(conn, ws, now):
            seconds = max(0.0, (now - row.oldest).total_seconds()) if row.oldest else 0.0
            waiting[row.channel] = (row.count, seconds)
        by_code: dict[str, int] = {}
        for workflow, code, count in watch.open_exceptions(conn, ws):
            if self._is_public(workflow, code):
                by_code[code] = by_code.get(code, 0) + count
        newest = seals.newest(conn, ws)
        return Standing(waiting=waiting, exceptions=by_code, sealed_at=newest.at if newest else None)

    def _is_public(self, name: str, code: str) -> bool:
        """Of what today's rulebook does not know nobody can tell whether it is private: it is not shown."""
        workflow = self._books.current.workflows.get(name)
        return workflow is not None and not workflow.private and workflow.rule(code) is not None
