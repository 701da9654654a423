"""Slack's pace, kept by ourselves before Slack has to say 429 (Slack's page "Rate limits")."""

from __future__ import annotations

import time
from collections import defaultdict, deque
from collections.abc import Callable

from handlers.ports import Sleep

MINUTE = 60.0
#: chat.postMessage: one message a second in a channel, with short bursts.
POSTS, POSTS_SECONDS = 3, 3.0
#: ... and several hundred a minute in the workspace: 300, in helpings that come soon.
ALL_POSTS, ALL_POSTS_SECONDS = 50, 10.0
#: chat.update is of tier 3: 50 a minute and more in a workspace, wherever they go.
EDITS = 50
#: What is called beside the courier, a minute: tier 2 is 20 and more, tier 3 is 50, tier 4 is 100. What is not named
#: answers somebody who waits (forms open within three seconds, or never): it goes at once.
CALLS = {
    "catching up": 35,  # of history and replies together: whoever asks for one message meanwhile need not wait
    "conversations.history": 50,
    "conversations.info": 50,
    "conversations.list": 20,
    "conversations.open": 50,
    "conversations.replies": 50,
    "dnd.info": 50,
    "users.conversations": 20,
    "users.info": 100,
    "users.list": 20,
    "views.publish": 100,
}
_POST, _EDIT = "chat.postMessage", "chat.update"


class Pace:
    """Real seconds, whatever the bot's own clock says: the limits are Slack's. Whoever comes first goes first."""

    def __init__(self, sleep: Sleep, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._sleep = sleep
        self._monotonic = monotonic
        self._given: defaultdict[str, deque[float]] = defaultdict(deque)  # the last turns, some still to come
        self._closed_until: dict[str, float] = {}  # methods: Slack said how long

    async def post(self, lane: str) -> None:
        """Wait until the next message may go to this lane."""
        await self._turn(_POST, (lane, POSTS, POSTS_SECONDS), (_POST, ALL_POSTS, ALL_POSTS_SECONDS))

    async def edit(self) -> None:
        """Wait until the next message may be edited."""
        await self._turn(_EDIT, (_EDIT, EDITS, MINUTE))

    async def call(self, method: str) -> None:
        """Wait until that method may be called (handlers/ports.Turns)."""
        if method in CALLS:
            await self._turn(method, (method, CALLS[method], MINUTE))

    def refused(self, method: str, seconds: float) -> None:
        """Slack answered 429. It limits a method in the whole workspace, so no call of it goes before its time.

        Only posts are limited by channel. Slack does not say which limit was met, and nearly always it is that one: the
        outbox holds the one lane for as long as Slack says. Were it the workspace's, each lane would hear it once.
        """
        if method == _POST:
            return
        self._closed_until[method] = max(self._closed_until.get(method, 0.0), self._monotonic() + seconds)

    async def _turn(self, method: str, *limits: tuple[str, int, float]) -> None:
        while True:
            at = self._take_turn(method, limits)
            while (now := self._monotonic()) < at:
                await self._sleep(at - now)
            if self._monotonic() >= self._closed_until.get(method, 0.0):
                return  # else it was refused meanwhile, and all who wait take new turns behind that

    def _take_turn(self, method: str, limits: tuple[tuple[str, int, float], ...]) -> float:
        """When the next turn under all these limits is. It is given away now, so that nobody overtakes who waits."""
        at = max(self._monotonic(), self._closed_until.get(method, 0.0))
        for name, most, seconds in limits:
            given = self._given[name]
            while len(given) > most:
                given.popleft()
            if len(given) == most:
                at = max(at, given[0] + seconds)
        # Each turn lies at least `seconds` behind the one that was given `most` turns before it. So no stretch of that
        # length holds more than `most`, even where turns of different lanes are not given in the order of their times.
        for name, _, _ in limits:
            self._given[name].append(at)
        return at
