"""A mailroom for story tests: the whole bot but for IMAP, letters to a real SMTP peer, a clock turned by hand."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from bot.adopting import adopt_at_start
from bot.build import Bot, build
from bot.config import settings
from bot.demo import example
from bot.maildesk import InboxDesk
from bot.run import open_store
from bot.sandbox.clock import HandClock
from handlers.ports import Taken
from rules.book.load import load
from rules.events import Command
from rules.items import Item
from rules.messages import Message, Reply
from storage import items, ledger
from storage.store import Store
from tests.stories.harbor import MORNING
from tests.stories.post_office import CUSTOMER, OURS, Letter, Peer
from tests.street import plain

ADDRESSES = {"refunds@harbor.example": "refunds", "concerns@harbor.example": "concerns"}


@dataclass
class Mailroom:
    """`arrives` hands a mail over as an inbox does; when it returns all that follows is sent."""

    bot: Bot
    store: Store
    clock: HandClock
    peer: Peer

    async def arrives(self, raw: bytes, inbox: str = "refunds", seconds: float = 60) -> Taken:
        """A mail comes in so many seconds after what was last."""
        self.clock.push(timedelta(seconds=seconds))
        reader = next(one for one in self.bot.inboxes if one.name == inbox)
        desk = InboxDesk(self.store, self.bot.desk, self.bot.outages, ADDRESSES)
        taken = await desk.take(reader.reading(raw, self.clock()), raw)
        await self.calm()
        return taken

    async def calm(self) -> None:
        self.bot.courier.wake()
        await self.bot.knock.look()
        await self.bot.courier.idle()

    async def pushes(self, **time: float) -> None:
        """Turn the clock; what comes due is done and told when this returns."""
        self.clock.push(timedelta(**time))
        await self.calm()

    async def does(self, who: str, verb: str, key: str | None = None, **more: Any) -> Reply:
        """A person acts by a command, as typed."""
        now = self.clock()
        said: dict[str, Any] = {"verb": verb, "item": key, **more}
        command = Command(id=f"typed:{who}:{said}:{now}", workspace="main", at=now, by=who, via="slack", **said)
        taken = await self.bot.desk.take(command)
        await self.calm()
        assert taken.reply is not None
        return taken.reply

    async def asks(self, who: str, verb: str, **more: Any) -> str:
        """A person asks; the answer in plain words."""
        command = Command(id=f"asked:{who}", workspace="main", at=self.clock(), by=who, via="slack", verb=verb, **more)  # type: ignore[arg-type]
        return said(await self.bot.desk.ask(command))

    async def finishes(self, key: str) -> None:
        """The desk works through a refund and closes it with its proof."""
        for who, verb, more in (
            ("dana", "tick", {"name": "1"}),
            ("dana", "next", {}),
            ("finn", "tick", {"name": "1"}),
            ("finn", "tick", {"name": "2"}),
            ("finn", "evidence", {"name": "receipt", "words": "re_1234"}),
            ("finn", "close", {}),
        ):
            reply = await self.does(who, verb, key, **more)
            assert not reply.refused, said(reply)

    async def item(self, key: str) -> Item:
        found = await self.store.read(lambda conn: items.load(conn, "main", key))
        assert found is not None, f"there is no {key}"
        return found

    async def keys(self, *, ours: bool = False) -> list[str]:
        """The keys of all items; `ours`: the bot's own failures, too."""
        found = await self.store.read(
            lambda conn: items.listing(conn, "main", state_open=False, include_docket=ours, limit=1000)
        )
        return sorted(item.key for item in found)

    async def kinds(self, key: str) -> list[str]:
        """The kinds of an item's entries, in order."""
        return [one.entry.kind for one in await self.store.read(lambda conn: ledger.of_item(conn, "main", key))]

    def last(self, address: str = CUSTOMER) -> Letter:
        """The newest letter to somebody."""
        assert self.peer.to(address), f"nothing reached {address}"
        return self.peer.to(address)[-1]


def said(reply: Reply) -> str:
    """An answer in plain words."""
    message: Message = reply.message
    return plain(message)


@asynccontextmanager
async def mailroom(
    folder: Path, *, text: str | None = None, now: datetime = MORNING, **changed: str
) -> AsyncIterator[Mailroom]:
    """The bot at work; its inboxes are never asked, `arrives` hands it what lies in them."""
    text = text or example()
    peer = Peer()
    await peer.start()
    given = {
        "DOCKET_DATABASE_URL": f"sqlite:///{folder}/docket.db",
        "DOCKET_SMTP_URL": f"smtp://127.0.0.1:{peer.port}",
        "DOCKET_MAIL_FROM": OURS,
        **{f"DOCKET_INBOX_{name.upper()}": f"imap://{address.replace('@', '%40')}:x@127.0.0.1:1/INBOX?authserv=mx.here"
           for address, name in ADDRESSES.items()},
        **changed,
    }  # fmt: skip
    clock = HandClock(now, running=False)
    store = await open_store(given["DOCKET_DATABASE_URL"], patience=2)
    stop = asyncio.Event()
    try:
        book = load(text)
        bot = await build(settings(given), book, text, store, clock=clock)
        await adopt_at_start(bot, book, text)
        courier = asyncio.create_task(bot.courier.run(stop))
        try:
            yield Mailroom(bot, store, clock, peer)
        finally:
            stop.set()
            await courier
            for close in bot.closers:
                await close()
    finally:
        store.close()
        peer.stop()
