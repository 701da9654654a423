"""Silent inboxes: one that had no good round for ten minutes, or no mail for longer than is usual there (M131)."""

from __future__ import annotations

import asyncio
import json
import logging
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from bot.outages import Outages
from handlers.ports import Busy
from rules.habits import Habit, decode, encode, heard, is_silent, longest
from storage import settings
from storage.store import Conflict, Store, Unavailable

log = logging.getLogger(__name__)

LOOK_SECONDS = 60.0
#: An inbox that fails says so itself; this is for one whose listening hangs without a word.
ROUND_SECONDS = 600.0


class Watched(Protocol):
    """An inbox as this sees it: `rounded_at` by the monotonic clock (None before the first), `mailed_at` in UTC."""

    @property
    def name(self) -> str: ...

    @property
    def rounded_at(self) -> float | None: ...

    @property
    def mailed_at(self) -> datetime | None: ...


@dataclass(slots=True)
class _Watch:
    """Since when an inbox is watched, by the monotonic clock, and which causes were told of.

    What is not in `told` may have been told of by an earlier process.
    """

    began: float
    told: dict[str, bool] = field(default_factory=dict)


class Silence:
    """Looks at `inboxes` every minute; what is known of their habits is kept in the database.

    `ours`: whether this instance is the one that reads the inbox of that name.
    """

    def __init__(
        self,
        store: Store,
        workspace: str,
        inboxes: Sequence[Watched],
        outages: Outages,
        clock: Callable[[], datetime],
        monotonic: Callable[[], float] = time.monotonic,
        ours: Callable[[str], bool] = lambda _: True,
    ) -> None:
        self._store, self._ws, self._inboxes = store, workspace, inboxes
        self._outages, self._clock, self._monotonic, self._ours = outages, clock, monotonic, ours
        self._watch: dict[str, _Watch] = {}

    async def run(self, stop: asyncio.Event) -> None:
        """Look every minute until `stop`."""
        while not stop.is_set():
            with suppress(TimeoutError):
                await asyncio.wait_for(stop.wait(), LOOK_SECONDS)
            if not stop.is_set():
                await self.look()

    async def look(self) -> None:
        """Tell the operator of each inbox that has become silent, and when it no longer is; never raises."""
        for inbox in self._inboxes:
            if not self._ours(inbox.name):  # another instance reads it, and tells of it
                self._watch.pop(inbox.name, None)
                continue
            try:
                await self._rounds(inbox)
                await self._mails(inbox)
            except (Busy, Unavailable, Conflict) as problem:
                log.info("inbox:%s: whether it is silent is seen later (%s)", inbox.name, problem)

    async def _rounds(self, inbox: Watched) -> None:
        began = self._watch.setdefault(inbox.name, _Watch(self._monotonic())).began
        age = self._monotonic() - max(began, inbox.rounded_at or began)
        if age > ROUND_SECONDS:
            sentence = (
                f"The inbox {inbox.name} has not been looked through for {age / 60:.0f} minutes, and its listening "
                "says nothing of why. Restarting Docket begins anew; mail waits there."
            )
            await self._tell(inbox.name, f"inbox:{inbox.name}", sentence, part="rounds")
        elif inbox.rounded_at is not None:  # else whatever an earlier process told of may still be so
            await self._tell(inbox.name, f"inbox:{inbox.name}", "", part="rounds")

    async def _mails(self, inbox: Watched) -> None:
        name, now = f"habit:{inbox.name}", self._clock()
        kept = await self._store.read(lambda conn: settings.get(conn, self._ws, name))
        habit = decode(json.loads(kept)) if kept else None
        if inbox.mailed_at is not None and (habit is None or inbox.mailed_at > habit.last):
            habit = heard(habit, inbox.mailed_at)
            value = json.dumps(encode(habit))
            await self._store.write(lambda conn: settings.put(conn, self._ws, name, value))
        if habit is None:
            return
        await self._tell(inbox.name, f"inbox:{inbox.name}:silent", _sentence(inbox.name, habit, now), part="")

    async def _tell(self, inbox: str, cause: str, sentence: str, *, part: str) -> None:
        told = self._watch[inbox].told
        if told.get(cause) is bool(sentence):
            return
        if sentence:
            await self._outages.failed(cause, sentence, part)
        else:
            await self._outages.recovered(cause, part)
        told[cause] = bool(sentence)


def _sentence(name: str, habit: Habit, now: datetime) -> str:
    """What the operator reads, "" while all is as usual."""
    if not is_silent(habit, now):
        return ""
    hours, usual = (now - habit.last).total_seconds() / 3600, longest(habit).total_seconds() / 3600
    return (
        f"No mail has come to the inbox {name} for {hours:.0f} hours; in four weeks it was never silent for more than "
        f"{usual:.0f}. Docket reads it without trouble: does mail still arrive there?"
    )
