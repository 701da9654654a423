"""The watchdog: proves each minute that nothing was forgotten, mends what it can, and says so where it can't (M136)."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, Collection, Hashable, Mapping, Sequence
from contextlib import suppress
from datetime import datetime
from typing import Any
from uuid import uuid4

from bot.absences import Absences
from bot.books import Books
from bot.desk import Desk
from bot.findings import Findings, findings
from bot.outages import Outages
from bot.silence import ROUND_SECONDS, Watched
from handlers.ports import Busy
from rules.own_events import Mended
from storage.store import Conflict, Store, Unavailable

log = logging.getLogger(__name__)

EVERY_SECONDS = 60.0
#: What the operator's exceptions are counted under, and the part of the bot that each is about.
DUE, OUTBOX, DIGESTS, RECORD, ITSELF = (f"watchdog:{what}" for what in ("due", "outbox", "digests", "record", "itself"))


class Watchdog:
    """`look` is one round. Each instance looks; where it is `ours`, it mends and tells, too.

    What is looked at is in bot/findings.py. What should have happened but may be happening at this very moment counts
    only when the next round still finds it.
    """

    def __init__(
        self,
        store: Store,
        books: Books,
        desk: Desk,
        outages: Outages,
        absences: Absences,
        inboxes: Sequence[Watched],
        clock: Callable[[], datetime],
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._store, self._books, self._desk, self._outages = store, books, desk, outages
        self._absences, self._inboxes, self._clock, self._monotonic = absences, inboxes, clock, monotonic
        self._began = monotonic()
        self._good_at: float | None = None
        self._before: set[Hashable] = set()  # what the last round found that may have been under way
        self._cursor, self._sampled = "", ""  # how far the rolling looks have come
        self._failing = False  # and was told of
        self._beating: asyncio.Task[None] | None = None
        self._unheard = False
        #: Set by the composition. `ours`: whether this instance mends and tells. `reads`: whether it reads that inbox.
        self.ours: Callable[[], bool] = lambda: True
        self.reads: Callable[[str], bool] = lambda _: True
        #: Has due times fired and the outbox looked through at once.
        self.ring: Callable[[], None] = lambda: None
        #: Calls outside after a good round; gives what was wrong, "" where it was answered.
        self.beat: Callable[[], Awaitable[str]] | None = None

    async def run(self, stop: asyncio.Event) -> None:
        """Look at once and then every minute, until `stop`."""
        while not stop.is_set():
            await self.look()
            with suppress(TimeoutError):
                await asyncio.wait_for(stop.wait(), EVERY_SECONDS)
        if self._beating is not None:
            self._beating.cancel()

    @property
    def good_seconds_ago(self) -> float | None:
        """How long ago the last good round was; None: there was none since the start."""
        return None if self._good_at is None else self._monotonic() - self._good_at

    async def look(self) -> bool:
        """One round; says whether all was well. Never raises."""
        mended = 0
        try:
            found = await self._store.read(self._ask)
            problems, mended = self._problems(found), await self._mend(found)
            if self.ours():
                await self._tell(problems, found.told)
            self._failing, good = False, not problems and not self._silent()
        except (Unavailable, Conflict, Busy) as problem:
            log.info("the watchdog's round is put off: %s", problem)
            self._desk.metrics.watched("failed", mended)
            return False
        except Exception as problem:
            log.exception("the watchdog's round failed")
            self._desk.metrics.watched("failed", mended)
            with suppress(Busy):
                if not self._failing:
                    await self._outages.failed(ITSELF, f"The watchdog's round failed ({type(problem).__name__}).")
                    self._failing = True
            return False
        self._desk.metrics.watched("good" if good else "bad", mended)
        if good:
            self._good_at = self._monotonic()
            self._call_outside()
        return good

    def _ask(self, conn: Any) -> Findings:
        return findings(
            conn,
            self._books,
            self._clock(),
            self._absences.gone,
            mends=self.ours(),
            causes=(DUE, OUTBOX, DIGESTS, RECORD, ITSELF),
            after=self._cursor,
            sample_after=self._sampled,
        )

    def _problems(self, found: Findings) -> dict[str, str]:
        """By cause, what the operator reads; "" where all is well. Rings where something may only be overslept."""
        under_way = {*found.unfired, *found.stuck, *found.missed}
        if under_way:
            self.ring()
        still, self._before = under_way & self._before, under_way
        self._cursor, self._sampled = found.reached, found.sampled
        unfired, stuck, missed = (
            [each for each in some if each in still] for some in (found.unfired, found.stuck, found.missed)
        )
        said = {
            DUE: unfired and f"{_count(unfired, 'due time')} should have fired over a minute ago, and did not.",
            OUTBOX: stuck and f"{_count(stuck, 'message')} could have gone out minutes ago, and nobody sends them.",
            DIGESTS: missed and f"Not sent though its hour has come: digest {', '.join(sorted(map(str, missed)))}.",
            RECORD: found.differing
            and f"{' '.join(found.differing)} Somebody changed the database by hand, or its disk did. "
            "`docketbot ledger verify` says all that differs; a backup has it as it was.",
        }
        return {cause: sentence for cause, sentence in said.items() if sentence}

    async def _mend(self, found: Findings) -> int:
        """Give items the due times back that their rules give; each says so in its record."""
        for key in found.timeless:
            now = self._clock()
            event = Mended(
                id=f"mended:{key}:{now.isoformat()}:{uuid4().hex[:8]}", workspace=self._books.workspace, at=now,
                by="docket", via="docket", item=key,
            )  # fmt: skip
            await self._desk.take(event)
        if found.timeless:
            log.warning("due times that got lost were given back; items: %d", len(found.timeless))
        return len(found.timeless)

    async def _tell(self, problems: Mapping[str, str], told: Collection[str]) -> None:
        """The operator has one exception for each cause; all but the record's end by themselves."""
        for cause, sentence in problems.items():
            if cause not in told:
                await self._outages.failed(cause, sentence)
        for cause in told:
            if cause not in problems and cause != RECORD:  # this look was at other items: that one differs still
                await self._outages.recovered(cause)

    def _silent(self) -> bool:
        """Whether an inbox that this instance reads had no good round lately; bot/silence.py tells of it."""
        now = self._monotonic()
        return any(
            now - max(self._began, inbox.rounded_at or self._began) > ROUND_SECONDS
            for inbox in self._inboxes
            if self.reads(inbox.name)
        )

    def _call_outside(self) -> None:
        """In a task of its own: what hangs there must not hold up the next round."""
        if self.beat is not None and (self._beating is None or self._beating.done()):
            self._beating = asyncio.create_task(self._beat(self.beat))

    async def _beat(self, beat: Callable[[], Awaitable[str]]) -> None:
        problem = await beat()
        self._desk.metrics.beat("failed" if problem else "answered")
        if problem and not self._unheard:
            log.warning("DOCKET_HEARTBEAT_URL can't be reached (%s); it is tried again every minute", problem)
        elif not problem and self._unheard:
            log.info("DOCKET_HEARTBEAT_URL answers again")
        self._unheard = bool(problem)


def _count(some: Sequence[object], what: str) -> str:
    return f"1 {what}" if len(some) == 1 else f"{len(some)} {what}s"
