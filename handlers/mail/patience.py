"""How listening waits: for the next look, for a busy house, for a server that is away; a stop ends every wait."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TypeVar

from handlers.ports import Busy

T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class Pace:
    """How patient listening is, in seconds."""

    # RFC 2177 allows 29 minutes; but only a command finds out that a connection is dead, and routers forget quiet ones
    idle: float = 60
    idle_first: float = 1  # after mail came, doubling up to `idle`: servers miss what arrives just before they wait
    slice: float = 1  # of waiting: how quickly a stop is heard
    poll: float = 60  # between rounds where the server has no IDLE
    retry: float = 1  # before the second attempt; doubles up to `retry_most`
    retry_most: float = 60
    refused: float = 120  # after a wrong password, doubling up to `refused_most`: accounts get locked
    refused_most: float = 900
    report: float = 60  # of failing before the operator hears of it
    busy: float = 1  # before a message is offered again to a busy desk; doubles up to 30
    sweep: float = 24 * 3600  # between looks below the mark


class Stopped(Exception):
    """A stop was asked for while something waited."""


class Patience:
    """The waits of one inbox. `stop` ends each of them."""

    def __init__(self, pace: Pace, stop: asyncio.Event) -> None:
        self.stop = stop
        self._pace = pace
        self._attempt = 0

    def worked(self) -> None:
        """The next back-off begins small again."""
        self._attempt = 0

    async def back_off(self, first: float, most: float) -> None:
        """Wait before another attempt: `first` seconds, doubling up to `most`; ends early on a stop."""
        self._attempt += 1
        longest = min(first * 2 ** min(self._attempt - 1, 16), most)
        # jitter: several inboxes on one server must not come back in step
        await self._until_stop(longest * random.uniform(0.5, 1))  # noqa: S311 - nothing secret

    async def insist(self, call: Callable[[], Awaitable[T]]) -> T:
        """What the house answers; while it is busy it is asked again. Raises Stopped."""
        wait = self._pace.busy
        while True:
            try:
                return await call()
            except Busy:
                await self.sleep(wait)
                wait = min(wait * 2, 30)

    async def sleep(self, seconds: float) -> None:
        """Raises Stopped."""
        if await self._until_stop(seconds):
            raise Stopped

    async def _until_stop(self, seconds: float) -> bool:
        try:
            return await asyncio.wait_for(self.stop.wait(), seconds)
        except TimeoutError:
            return False
