"""Slack's pace, kept by ourselves before Slack has to say 429 (Slack's page "Rate limits")."""

from __future__ import annotations

import asyncio
import time
from collections import defaultdict, deque
from collections.abc import Callable

from bot.turns import SharedTurns
from handlers.ports import Sleep
from storage.turns import Limit

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
    "files.completeUploadExternal": 100,
    "files.getUploadURLExternal": 100,
    "users.conversations": 20,
    "users.info": 100,
    "users.list": 20,
    "views.publish": 100,
}
_POST, _EDIT = "chat.postMessage", "chat.update"


class Pace:
    """Real seconds, whatever the bot's own clock says: the limits are Slack's. Whoever comes first goes first.

    `shared`: where instances keep the limits together; each of them waits for one turn of a lane or method at a time,
    so that one that dies takes few turns with it.
    """

    def __init__(
        self, sleep: Sleep, monotonic: Callable[[], float] = time.monotonic, shared: SharedTurns | None = None
    ) -> None:
        self._sleep = sleep
        self._monotonic = monotonic
        self._shared = shared
        self._doors: defaultdict[str, asyncio.Lock] = defaultdict(asyncio.Lock)
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

    async def _turn(self, method: str, *limits: Limit) -> None:
        while True:
            if self._shared is None:
                await self._until(self._take_turn(method, limits))
            else:
                async with self._doors[limits[0][0]]:
                    await self._until(await self._take_shared_turn(self._shared, method, limits))
            if self._monotonic() >= self._closed_until.get(method, 0.0):
                return  # else it was refused meanwhile, and all who wait take new turns behind that

    async def _until(self, at: float) -> None:
        while (now := self._monotonic()) < at:
            await self._sleep(at - now)

    async def _take_shared_turn(self, shared: SharedTurns, method: str, limits: tuple[Limit, ...]) -> float:
        """As `_take_turn`, among all instances; while the database can't be asked, among our own."""
        shut_seconds = max(0.0, self._closed_until.get(method, 0.0) - self._monotonic())
        seconds = await shared(limits, {method: shut_seconds})
        return self._take_turn(method, limits) if seconds is None else self._monotonic() + seconds

    def _take_turn(self, method: str, limits: tuple[Limit, ...]) -> float:
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
