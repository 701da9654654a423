"""The off switch at work: what a pause holds back is kept whole; after it, due times are moved, then all is taken."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from bot.desk import Desk
from handlers.ports import Busy
from rules.entries import stamp
from rules.events import Event, Unreadable
from rules.own_events import StoodStill
from rules.pauses import Pause
from rules.standing_still import since
from storage import pauses
from storage.happenings import unpacked
from storage.inbox import Waiting
from storage.store import Conflict, Store, Unavailable

log = logging.getLogger(__name__)

#: So many items are moved beside each other: they share commits.
BATCH = 50
PAGE = 500
#: A drill lasts a moment; one that has not ended by then was killed in the middle of it.
DRILL_ENDS = timedelta(minutes=1)
#: Told of how far it has come: what is done, of how many (0: nobody knows).
Progress = Callable[[str, int, int], None]


class Overtaken(Busy):
    """Another instance took the next of what was held."""


class Resuming:
    """`look` ends what somebody let go on. Whatever stops it, the rest is found again in the rows themselves."""

    def __init__(self, store: Store, desk: Desk, clock: Callable[[], datetime]) -> None:
        self._store, self._desk, self._clock = store, desk, clock

    async def look(self, progress: Progress = lambda _what, _done, _of: None) -> int:
        """Move what stood still, then take what was held, in order; says how much of that there was. Raises Busy.

        Until both is done the pause stands: no due time acts that was not moved yet, and nothing overtakes what waits.
        """
        standing, waits = await self._read(self._standing)
        if not standing and not waits:
            return 0
        for pause in standing:
            if pause.drill and pause.resumed_at is None and pause.since + DRILL_ENDS < self._clock():
                await self._write(partial(self._abandon, pause=pause))
        if not waits and all(pause.resumed_at is None for pause in standing):
            return 0
        taken = 0
        for pause in standing:
            await self._move(pause, standing, progress)
        while True:
            taken += await self._take_what_waits(progress)
            ended = [await self._write(partial(self._end, pause=p)) for p in standing if p.resumed_at is not None]
            if all(ended):
                return taken

    def _standing(self, conn: Any) -> tuple[tuple[Pause, ...], bool]:
        ws = self._desk.books.workspace
        return pauses.standing(conn, ws), pauses.next_waiting(conn, ws) is not None

    def _abandon(self, conn: Any, *, pause: Pause) -> None:
        ws = self._desk.books.workspace
        pauses.judge(conn, ws, pause, worked=False)
        pauses.resume(conn, ws, replace(pause, resumed_at=self._clock(), resumed_by="docket"))

    def _end(self, conn: Any, *, pause: Pause) -> bool:
        return pauses.end(conn, self._desk.books.workspace, pause, self._clock())

    async def _move(self, pause: Pause, standing: Sequence[Pause], progress: Progress) -> None:
        """Each item by itself, page by page in the order of their keys."""
        if pause.resumed_at is None or pause.drill:
            return
        books, after, done = self._desk.books, "", 0
        count = await self._read(lambda c: pauses.count_open(c, books.workspace, pause.workflow))

        def page(conn: Any) -> tuple[str, int, list[StoodStill]]:
            found = pauses.open_items(conn, books.workspace, pause.workflow, after, PAGE)
            starts = [(i.key, since(i, pause, standing, books.workflow(conn, i))) for i in found]
            moving = [self._stood_still(key, start, pause) for key, start in starts if start is not None]
            return (found[-1].key if found else ""), len(found), moving

        while True:
            after, seen, moving = await self._read(page)
            for start in range(0, len(moving), BATCH):
                await asyncio.gather(*map(self._desk.take, moving[start : start + BATCH]))
            done += seen
            progress("due times moved", done, count)
            if seen < PAGE:
                return

    def _stood_still(self, key: str, start: datetime, pause: Pause) -> StoodStill:
        assert pause.resumed_at is not None
        return StoodStill(
            id=f"stood-still:{key}:{stamp(pause.resumed_at)}",
            workspace=self._desk.books.workspace,
            at=self._clock(),
            by="docket",
            via="docket",
            item=key,
            since=start,
            until=pause.resumed_at,
        )

    async def _take_what_waits(self, progress: Progress) -> int:
        ws, taken = self._desk.books.workspace, 0
        while (waiting := await self._read(lambda conn: pauses.next_waiting(conn, ws))) is not None:
            event = event_of(waiting, self._desk, self._clock())
            try:
                await self._desk.take(event, bytes(waiting.raw), claim=partial(self._claim, waiting.outside_id))
            except Overtaken:
                continue
            taken += 1
            progress("taken of what was held", taken, 0)
        return taken

    def _claim(self, outside_id: str, conn: Any) -> None:
        if not pauses.claim(conn, self._desk.books.workspace, outside_id):
            raise Overtaken("another instance takes it")

    async def _read(self, work: Callable[[Any], Any]) -> Any:
        try:
            return await self._store.read(work)
        except Unavailable as problem:
            raise Busy("The database is busy; what was paused waits for it.") from problem

    async def _write(self, work: Callable[[Any], Any]) -> Any:
        try:
            return await self._store.write(work)
        except (Unavailable, Conflict) as problem:
            raise Busy("The database is busy; what was paused waits for it.") from problem


def event_of(waiting: Waiting, desk: Desk, now: datetime) -> Event:
    """What waited, as it came, with its own id and time; what can't be read any more is somebody's to look at."""
    reread = partial(desk.reread, waiting.place or "", bytes(waiting.raw), now)
    event = unpacked(waiting.event) if waiting.event else reread()
    if event is not None:
        return replace(event, id=waiting.outside_id, at=waiting.at)
    return Unreadable(
        id=waiting.outside_id,
        workspace=desk.books.workspace,
        at=waiting.at,
        by="docket",
        via="mail" if waiting.channel == "mail" else "docket",
        inbox=waiting.place or waiting.channel,
        problem=f"This program can't read a {waiting.kind} that was held while something was paused.",
    )
