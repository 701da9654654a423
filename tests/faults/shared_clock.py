"""A clock that stands still and is pushed by hand, for several processes: the pushes lie in a small file."""

from __future__ import annotations

import asyncio
import mmap
import struct
from collections.abc import Callable
from contextlib import suppress
from datetime import datetime, timedelta
from pathlib import Path

LOOK_SECONDS = 0.02


class SharedClock:
    """bot/sandbox/clock.HandClock over a file; `start` is aware. Who can't push must `watch` to hear of pushes."""

    running = False

    def __init__(self, file: Path, start: datetime) -> None:
        if not file.exists():
            file.write_bytes(struct.pack("d", 0.0))
        with file.open("r+b") as opened:
            self._pushed = mmap.mmap(opened.fileno(), 8)
        self._start = start
        self._listeners: list[Callable[[], None]] = []

    @property
    def pushed_seconds(self) -> float:
        """The sum of all pushes."""
        pushed: float = struct.unpack("d", self._pushed[:8])[0]
        return pushed

    def now(self) -> datetime:
        """The time now, aware, UTC."""
        return self._start + timedelta(seconds=self.pushed_seconds)

    __call__ = now

    def push(self, by: timedelta) -> None:
        """Move the time forward for everyone."""
        self._pushed[:8] = struct.pack("d", self.pushed_seconds + by.total_seconds())
        self._ring()

    def subscribe(self, callback: Callable[[], None]) -> Callable[[], None]:
        """Call `callback` after every push that is made or seen here."""
        self._listeners.append(callback)

        def end() -> None:
            with suppress(ValueError):
                self._listeners.remove(callback)

        return end

    async def watch(self) -> None:
        """See the pushes of other processes, for ever."""
        seen = self.pushed_seconds
        while True:
            await asyncio.sleep(LOOK_SECONDS)
            if self.pushed_seconds != seen:
                seen = self.pushed_seconds
                self._ring()

    def _ring(self) -> None:
        for listener in tuple(self._listeners):
            listener()
