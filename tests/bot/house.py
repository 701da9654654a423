"""A bot's inner rooms for tests: real rules, a real SQLite file, a clock turned by hand, channels that are scripted."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from bot.absences import Absences
from bot.adopting import adopt
from bot.books import Books
from bot.courier import Courier
from bot.demo import example
from bot.desk import Desk
from bot.knock import Knock
from bot.outages import Outages
from bot.pace import Pace
from bot.sandbox.clock import HandClock
from handlers.ports import Lasting, Outgoing, Sent, Taken
from rules.book.load import load
from rules.events import Command, Posted
from rules.items import Item
from rules.lanes import Ways
from storage import items, outbox
from storage.outbox import Posted as Told
from storage.store import Store
from tests.street import plain

#: Wednesday, March 4 2026, 10:00 in Chicago.
MORNING = datetime(2026, 3, 4, 16, 0, tzinfo=UTC)


@dataclass
class Channel:
    """A way out. `answers` are what the next sends do: an exception is raised, None (and no script) is success."""

    sent: list[Outgoing] = field(default_factory=list)
    answers: list[Exception | None] = field(default_factory=list)
    closed_to: dict[str, str] = field(default_factory=dict)  # addresses that never take anything, and why
    looked: list[str] = field(default_factory=list)
    arrived: dict[str, Sent] = field(default_factory=dict)  # what `find` finds, by outbox id
    hanging: asyncio.Event | None = None  # sends wait for it
    begun: asyncio.Event = field(default_factory=asyncio.Event)  # a send has begun

    async def send(self, outgoing: Outgoing) -> Sent:
        self.begun.set()
        if self.hanging is not None:
            await self.hanging.wait()
        if outgoing.address in self.closed_to:
            raise Lasting(self.closed_to[outgoing.address])
        if self.answers and (answer := self.answers.pop(0)) is not None:
            raise answer
        self.sent.append(outgoing)
        return outgoing.edit or Sent(outgoing.address, f"17.{len(self.sent):06d}")

    async def find(self, outgoing: Outgoing, since: datetime) -> Sent | None:
        self.looked.append(outgoing.outbox_id)
        return self.arrived.get(outgoing.outbox_id)

    def said(self, address: str | None = None) -> list[str]:
        """The messages as plain text, of one address or all."""
        return [plain(o.message) for o in self.sent if address in (None, o.address)]


@dataclass
class House:
    """`says`, `types` are people; `pushes` turns the clock, fires what is due and lets the courier finish."""

    store: Store
    books: Books
    desk: Desk
    courier: Courier
    knock: Knock
    clock: HandClock
    slack: Channel
    mail: Channel
    stop: asyncio.Event
    slept: list[float]
    running: asyncio.Task[None]
    ids: Any = field(default_factory=lambda: itertools.count(1))

    async def says(self, who: str, text: str, channel: str = "refunds", **more: Any) -> Taken:
        """A message in a Slack channel."""
        number = next(self.ids)
        given: dict[str, Any] = {
            "id": f"slack:T1:C0{channel.upper()}:1700.{number:06d}", "workspace": "main", "at": self.clock(),
            "by": who, "via": "slack", "place": f"C0{channel.upper()}", "place_name": channel,
            "ts": f"1700.{number:06d}", "thread": None, "text": text,
        }  # fmt: skip
        return await self.desk.take(Posted(**{**given, **more}), b"{}")

    async def types(self, who: str, verb: str, item: str | None = None, **more: Any) -> Taken:
        """A command, as typed or clicked."""
        number = next(self.ids)
        return await self.desk.take(
            Command(
                id=f"slack:T1:trigger:{number}", workspace="main", at=self.clock(), by=who, via="slack",
                verb=verb, item=item, **more,
            )  # type: ignore[arg-type]  # verbs are words here
        )  # fmt: skip

    async def calm(self) -> None:
        """Everything that can go has gone."""
        self.courier.wake()
        await self.courier.idle()

    async def pushes(self, **time: float) -> None:
        """Let time pass: what comes due fires, and is told."""
        self.clock.push(timedelta(**time))
        await self.knock.look()
        await self.calm()

    async def item(self, key: str) -> Item:
        found = await self.store.read(lambda conn: items.load(conn, "main", key))
        assert found is not None, f"there is no {key}"
        return found

    async def failures(self) -> list[Item]:
        """The bot's own open failures."""
        everything = await self.store.read(lambda c: items.listing(c, "main", include_docket=True, limit=100))
        return [item for item in everything if item.workflow == "docket"]

    async def told(self, key: str) -> list[Told]:
        """What the outbox remembers of an item."""
        return await self.store.read(lambda conn: outbox.of_item(conn, "main", key))


@asynccontextmanager
async def house(
    folder: Path,
    *,
    text: str | None = None,
    now: datetime = MORNING,
    mail: bool = True,
    clock: HandClock | None = None,
    url: str | None = None,
) -> AsyncIterator[House]:
    """A house on a database in `folder` (or at `url`), its courier at work; a second finds what the first left."""
    text = text or example()
    clock = clock or HandClock(now, running=False)
    store = Store.open(url or f"sqlite:///{folder}/docket.db")
    stop = asyncio.Event()
    try:
        books = Books(load(text), text, "main")
        desk = Desk(store, books, clock, Ways(slack=True, mail=mail))
        await adopt(store, books, books.current, text, clock)
        slept: list[float] = []

        async def sleep(seconds: float) -> None:
            slept.append(seconds)
            await asyncio.sleep(0)

        slack, letters, quiet = Channel(), Channel(), asyncio.Lock()
        senders = {"slack": slack, "mail": letters} if mail else {"slack": slack}
        pace = Pace(sleep, monotonic=lambda: sum(slept))
        outages = Outages(desk, clock)
        absences = Absences(store, desk, outages, clock)
        courier = Courier(store, books, desk, senders, clock, quiet, outages, pace, absences, sleep)
        running = asyncio.create_task(courier.run(stop))
        knock = Knock(store, books, desk, clock, quiet, absences)
        yield House(store, books, desk, courier, knock, clock, slack, letters, stop, slept, running)
        stop.set()
        await running
    finally:
        stop.set()
        store.close()
