"""Slack's pace, kept by ourselves before Slack has to say 429 (Slack's page "Rate limits")."""

from __future__ import annotations

import time
from collections import defaultdict, deque
from collections.abc import Callable

from handlers.ports import Sleep

#: chat.postMessage: one message a second in a channel, with short bursts.
POSTS, POSTS_SECONDS = 3, 3.0
#: chat.update is of tier 3: 50 a minute and more in a workspace, wherever they go.
EDITS, EDITS_SECONDS = 50, 60.0
_EDIT = "chat.update"


class Pace:
    """Real seconds, whatever the bot's own clock says: the limits are Slack's."""

    def __init__(self, sleep: Sleep, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._sleep = sleep
        self._monotonic = monotonic
        self._gone: defaultdict[str, deque[float]] = defaultdict(deque)
        self._closed_until = 0.0  # for edits: Slack said how long

    async def turn(self, lane: str, *, edit: bool) -> None:
        """Wait until the next message may go to this lane; an edit waits for its method alone."""
        most, seconds = (EDITS, EDITS_SECONDS) if edit else (POSTS, POSTS_SECONDS)
        gone = self._gone[_EDIT if edit else lane]
        while (wait := self._wait(gone, most, seconds, self._closed_until if edit else 0.0)) > 0:
            await self._sleep(wait)
        gone.append(self._monotonic())

    def closed(self, seconds: float) -> None:
        """Slack refused an edit with Retry-After: no edit goes before, other methods go on."""
        self._closed_until = self._monotonic() + seconds

    def _wait(self, gone: deque[float], most: int, seconds: float, closed_until: float) -> float:
        now = self._monotonic()
        while gone and now - gone[0] >= seconds:
            gone.popleft()
        wait = gone[0] + seconds - now if len(gone) >= most else 0.0
        return max(wait, closed_until - now)
