"""Events that met a busy database wait here and are taken again until they are in: Slack itself gives up after minutes.

They are not acknowledged meanwhile. What Slack redelivers in between counts once, by its outside id.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable

from handlers.ports import Busy, Desk, Sleep, Taken
from rules.events import Event

log = logging.getLogger(__name__)

AT_MOST = 10_000
FIRST_SECONDS, LONGEST_SECONDS = 1.0, 60.0


class Held:
    """A waiting room in memory, first come first taken; a stop of the process empties it."""

    def __init__(self, desk: Desk, sleep: Sleep) -> None:
        self._desk = desk
        self._sleep = sleep
        self._waiting: dict[str, tuple[Event, bytes, Callable[[Taken], object]]] = {}
        self._task: asyncio.Task[None] | None = None

    def hold(self, event: Event, raw: bytes, then: Callable[[Taken], object]) -> None:
        """Keep an event until it can be taken, and `then` say so; beyond 10,000 only Slack's own redelivery is left."""
        if len(self._waiting) < AT_MOST:
            self._waiting.setdefault(event.id, (event, raw, then))
        if self._task is None or self._task.done():
            self._task = asyncio.create_task(self._take_all())

    async def close(self) -> None:
        """Stop trying."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    async def _take_all(self) -> None:
        seconds = FIRST_SECONDS
        while self._waiting:
            outside_id, (event, raw, then) = next(iter(self._waiting.items()))
            try:
                then(await self._desk.take(event, raw))
            except Busy:
                await self._sleep(seconds)
                seconds = min(2 * seconds, LONGEST_SECONDS)
                continue
            except Exception:
                # Not a matter of time: one that can never be taken must not block what waits behind it.
                log.exception("an event that waited for the database could not be taken")
            del self._waiting[outside_id]
            seconds = FIRST_SECONDS
