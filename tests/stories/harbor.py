"""Harbor Supply for story tests: the whole bot, unchanged, against the sandbox, with a clock turned by hand."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from bot.build import Bot, build
from bot.config import settings
from bot.demo import example
from bot.run import Misconfigured, open_store, serve
from bot.sandbox.clock import HandClock
from bot.sandbox.town import Town
from rules.book.load import load
from rules.items import Item
from storage import items
from storage.store import Store

#: Wednesday, March 4 2026, 10:00 in Chicago.
MORNING = datetime(2026, 3, 4, 16, 0, tzinfo=UTC)
#: How the bot hears Slack: "socket" or "http"; the fixture `both_modes` sets each in turn.
MODE = "socket"


@dataclass
class Harbor:
    """The office: `town.slack` acts as people, `town.mail` holds letters, `pushes` turns the clock."""

    town: Town
    bot: Bot
    store: Store
    clock: HandClock
    stop: asyncio.Event
    served: asyncio.Task[None]

    async def pushes(self, **time: float) -> None:
        """Turn the clock and wait until everything that came due was done and told."""
        self.clock.push(timedelta(**time))
        await self.calm()

    async def calm(self) -> None:
        """Wait until the bot has nothing under way: events are taken, what is due has fired, the outbox is empty."""
        await self._handled()
        for _ in range(3):
            await self.bot.knock.look()
            await self.bot.courier.idle()
            if self.bot.homes is not None:
                await self.bot.homes.look()
            await self._handled()

    async def _handled(self) -> None:
        """What was typed and clicked is acknowledged at once and handled after: wait for that too."""
        await self.town.slack.settled()
        await asyncio.sleep(0)
        while self.bot.slack.busy or self.bot.absences.busy:
            await asyncio.sleep(0.005)

    async def item(self, key: str) -> Item:
        """The item as it is stored."""
        found = await self.store.read(lambda conn: items.load(conn, "main", key))
        assert found is not None, f"there is no {key}"
        return found

    async def everything(self) -> list[Item]:
        """Every item there is."""
        return await self.store.read(
            lambda conn: items.listing(conn, "main", state_open=False, include_docket=True, limit=10_000)
        )

    async def until(self, true: Callable[[], Any], seconds: float = 10) -> Any:
        """Wait for something to become true."""
        return await self.town.slack.until(true, seconds)

    async def comes(self, true: Callable[[], Any]) -> None:
        """Wait for something in the bot to become true, or for the bot to end."""
        async with asyncio.timeout(10):
            while not true() and not self.served.done():
                await asyncio.sleep(0.005)

    async def enters_request_url(self) -> None:
        """What an admin does once, in HTTP mode: the bot's address is entered in the app's settings."""
        await self.comes(lambda: self.bot.web.port)
        if not self.served.done():
            await self.town.enter_request_url(f"http://127.0.0.1:{self.bot.web.port}/slack/events")


@asynccontextmanager
async def harbor(
    folder: Path,
    text: str | None = None,
    *,
    now: datetime = MORNING,
    url: str | None = None,
    pictures: bool = False,
    **town: Any,
) -> AsyncIterator[Harbor]:
    """Open the office on a database in `folder`; at its end the bot has stopped cleanly.

    Only with `pictures` are those of weekly digests drawn: that takes seconds.
    """
    text = text or example()
    book = load(text)
    clock = HandClock(now, running=False)
    async with Town(book, clock, **town) as place:
        given = {**environment(place), "DOCKET_DATABASE_URL": url or f"sqlite:///{folder}/docket.db"}
        async with working(place, given, text, clock, pictures=pictures) as office:
            yield office


def environment(place: Town) -> dict[str, str]:
    """The settings with which a bot starts in that town and hears Slack in the mode of this test."""
    return place.http_environment if MODE == "http" else place.environment


@asynccontextmanager
async def working(
    place: Town,
    given: dict[str, str],
    text: str,
    clock: HandClock,
    *,
    connected: bool = True,
    pictures: bool = False,
) -> AsyncIterator[Harbor]:
    """A bot at work in a town that stands; a second one after it finds what the first left behind.

    `connected` False: don't wait for its connection to Slack, which may be out of reach.
    """
    book = load(text)
    store = await open_store(given["DOCKET_DATABASE_URL"], patience=2)
    try:
        bot = await build(settings(given), book, text, store, clock=clock)
        if not pictures:
            bot.courier.illustrator = None
        stop = asyncio.Event()
        served = asyncio.create_task(serve(bot, book, text, stop))
        try:
            office = Harbor(place, bot, store, clock, stop, served)
            if connected and bot.settings.slack_by_http:
                await office.enters_request_url()
            if connected:
                await office.comes(lambda: place.slack.connected and bot.slack.connected)
            if served.done():
                served.result()
            yield office
        finally:
            stop.set()
            await served
    finally:
        store.close()


__all__ = ["MORNING", "Harbor", "Misconfigured", "environment", "harbor", "working"]
