"""Brings what happens to the app: events with Slack's three retries, commands and interactions once.

Source: Slack's page "The Events API". Socket Mode's retry times are not documented, so they follow those of HTTP.
"""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Protocol

from bot.sandbox.clock import HandClock
from bot.sandbox.payloads import event_callback, event_id
from bot.sandbox.roster import Json
from bot.sandbox.workspace import Happened, Workspace

#: Almost at once, after a minute, after five.
RETRY_SECONDS = (0.0, 60.0, 300.0)
#: What is told of an app's end comes also when the app is gone.
FAREWELLS = frozenset({"app_uninstalled", "tokens_revoked"})


@dataclass(frozen=True, slots=True)
class Answer:
    """What the app answered: `error` is empty when it acknowledged in time.

    `retry_reason` is what the next attempt says of this one; `no_retry`: the app asked for none.
    """

    payload: Json | None = None
    error: str = ""
    retry_reason: str = ""
    no_retry: bool = False


class Wire(Protocol):
    """A way to the app. `by_clock`: retries follow the sandbox's clock; otherwise their seconds are real ones."""

    by_clock: bool

    @property
    def stands(self) -> bool:
        """Whether the app can be reached, as far as Slack knows."""
        ...

    async def send(
        self, kind: str, payload: Json, *, accepts: bool, attempt: int = 0, retry_reason: str = ""
    ) -> Answer:
        """One attempt; `kind` as Socket Mode names it: events_api, slash_commands, interactive."""
        ...


class Delivery:
    """Events come again with the same event_id until they are acknowledged; `wire` may be exchanged at any time."""

    def __init__(
        self, workspace: Workspace, wire: Wire, clock: HandClock, retry_seconds: Sequence[float] = RETRY_SECONDS
    ) -> None:
        self.wire = wire
        self.undelivered: list[Json] = []  # event callbacks that nobody acknowledged after every retry
        self._workspace = workspace
        self._clock = clock
        self._retry_seconds = tuple(retry_seconds)
        self._tasks: set[asyncio.Task[None]] = set()
        self._under_way = 0  # without what waits for its hour
        self._quiet = asyncio.Event()
        workspace.on_event(self.event)

    @property
    def busy(self) -> bool:
        """Whether an event is on its way or waits for its next attempt."""
        return bool(self._tasks)

    def event(self, happened: Happened) -> None:
        """Send an event to the app when it subscribed to it and sits in the conversation."""
        channel, app = happened.channel, self._workspace.app
        if not app.hears(happened.subscription):
            return
        if channel is not None and app.bot_user not in channel.members:
            return
        if self._workspace.refusal and happened.subscription not in FAREWELLS:
            return
        body = event_callback(app, happened.event, event_id(), channel.id if channel else "")
        self._start(self._deliver(body))

    async def ask(self, kind: str, payload: Json, *, accepts: bool) -> Answer:
        """Send a command or an interaction once and wait for its acknowledgement."""
        return await self.wire.send(kind, payload, accepts=accepts)

    async def settled(self) -> None:
        """Wait until every event was acknowledged, given up, or waits for its hour by the sandbox's clock."""
        while self._under_way:
            self._quiet.clear()
            await self._quiet.wait()

    async def stop(self) -> None:
        """End what is under way."""
        for task in tuple(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def _start(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        self._count(1)
        task.add_done_callback(self._ended)

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        self._count(-1)

    def _count(self, more: int) -> None:
        self._under_way += more
        if not self._under_way:
            self._quiet.set()

    async def _deliver(self, body: Json) -> None:
        reason = ""
        for attempt, pause in enumerate((0.0, *self._retry_seconds)):
            await self._pause(pause)
            answer = await self.wire.send("events_api", body, accepts=False, attempt=attempt, retry_reason=reason)
            if not answer.error:
                return
            if answer.no_retry:
                break
            reason = answer.retry_reason
        self.undelivered.append(body)

    async def _pause(self, seconds: float) -> None:
        if seconds and self.wire.by_clock:
            await self._rest(seconds)
        elif seconds:
            await asyncio.sleep(seconds)

    async def _rest(self, seconds: float) -> None:
        """Wait for an hour of the sandbox's clock; whoever pushes it past that hour finds the work under way again."""
        due, loop = self._clock.now() + timedelta(seconds=seconds), asyncio.get_running_loop()
        woken: asyncio.Future[None] = loop.create_future()

        def look() -> None:
            if self._clock.now() >= due and not woken.done():
                self._count(1)
                woken.set_result(None)

        unsubscribe = self._clock.subscribe(look)
        self._count(-1)
        try:
            while not woken.done():  # a clock that runs tells nobody of the hour
                left = (due - self._clock.now()).total_seconds()
                await asyncio.wait({woken}, timeout=max(0.01, left))
                look()
        except asyncio.CancelledError:
            if not woken.done():
                self._count(1)
            raise
        finally:
            unsubscribe()
