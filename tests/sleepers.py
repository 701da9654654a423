"""Time that passes only while everybody sleeps: what takes hours of waiting takes no time, and no wait is left out."""

from __future__ import annotations

import asyncio
import heapq
import itertools


class SleepersTime:
    """Called, it tells the seconds so far; `sleep` waits for `next`, which moves on to whoever wakes first."""

    def __init__(self) -> None:
        self.seconds = 0.0
        self._asleep: list[tuple[float, int, asyncio.Future[None]]] = []
        self._numbers = itertools.count()

    def __call__(self) -> float:
        return self.seconds

    @property
    def asleep(self) -> int:
        """How many wait for their time."""
        return sum(not woken.done() for _, _, woken in self._asleep)

    @property
    def wakes(self) -> float | None:
        """When the next one wakes."""
        return min((at for at, _, woken in self._asleep if not woken.done()), default=None)

    async def sleep(self, seconds: float) -> None:
        woken: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        heapq.heappush(self._asleep, (self.seconds + seconds, next(self._numbers), woken))
        await woken

    def to(self, seconds: float) -> None:
        """Let it become so late; who should have woken by then wakes."""
        self.seconds = max(self.seconds, seconds)
        while self._asleep and self._asleep[0][0] <= self.seconds:
            _, _, woken = heapq.heappop(self._asleep)
            if not woken.done():
                woken.set_result(None)

    async def until(self, *work: asyncio.Task[None]) -> None:
        """Let everything end that does nothing but sleep."""
        while not all(task.done() for task in work):
            for _ in range(3):
                await asyncio.sleep(0)
            if (wakes := self.wakes) is not None:
                self.to(wakes)
