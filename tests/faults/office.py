"""Harbor's office around a bot that is killed again and again: what people do, and what must have come of it."""

from __future__ import annotations

import asyncio
import email
import random
import signal
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any

from sqlalchemy import func, select

from bot.demo import example
from bot.sandbox.town import Town
from bot.verifying import verified
from rules.book.load import load
from rules.items import Item
from rules.notices import Card, DecisionCard
from storage import items, ledger, outbox, timers
from storage.schema import inbox as inbox_table
from storage.schema import outbox as outbox_table
from storage.store import Store
from tests.faults.child import run
from tests.faults.shared_clock import SharedClock
from tests.processes import Process
from tests.stories.harbor import MORNING

WS = "main"
#: Longer than a courier's lease: what a killed one had claimed is free again.
BEAT = timedelta(seconds=130)
Moment = tuple[str, str, int]


@dataclass
class Office:
    """The town, the bot's present life, and what was asked of it. `deaths` counts how it ended, by moment."""

    town: Town
    clock: SharedClock
    url: str
    folder: Path
    chance: random.Random
    text: str
    life: Process | None = None
    store: Store | None = None
    asked: dict[str, dict[str, Any]] = field(default_factory=dict)  # order number -> the Slack message, {} for a mail
    letters: dict[str, str] = field(default_factory=dict)  # order number -> who wrote the mail
    deaths: Counter[str] = field(default_factory=Counter)

    # the bot's lives

    def begin(self, moment: Moment | None = None) -> None:
        """Start the bot; it dies at that moment by itself."""
        told = {**self.town.environment, "DOCKET_DATABASE_URL": self.url}
        arguments = (self.text, str(self.folder / "clock"), MORNING.isoformat(), moment)
        self.life = Process(run, *arguments, environment=told, folder=self.folder)

    async def dies(self, moment: Moment | None, within_seconds: float) -> None:
        """Let the present life end: at its moment, or killed from outside after a while; and let the lease pass."""
        assert self.life is not None
        try:
            code = await self.life.ends(within_seconds)
            assert code == -signal.SIGKILL, f"it ended by itself ({code}):\n{self.life.said}"
            self.deaths[f"{moment[0]} {moment[1]}" if moment else "?"] += 1
        except TimeoutError:
            await self.life.killed()
            self.deaths["at any time"] += 1
        self.clock.push(BEAT)

    async def beat(self, moment: Moment | None, deadly: bool) -> None:
        """One stretch of time, ended by a death or, in the run that is compared with, by nothing."""
        if deadly:
            await self.dies(moment, self.chance.uniform(0.05, 0.9) if moment is None else 1.5)
            self.begin()
        else:
            await self.calm()
            self.clock.push(BEAT)

    async def calm(self) -> None:
        """Wait until a living bot has done everything: events taken, mails read, nothing due, nothing to be sent."""
        if self.store is None:
            self.store = await asyncio.to_thread(Store.open, self.url)
        async with asyncio.timeout(40):
            while not (self.town.slack.connected and await self.store.read(self._idle)):
                await asyncio.sleep(0.05)
                if self.life is not None and not self.life.alive:
                    self.begin()
        assert self.town.socket.undelivered == [], "an event that was never acknowledged"

    def _idle(self, conn: Any) -> bool:
        ready, due = outbox.next_ready(conn), timers.next_due(conn)
        mails = select(func.count()).where(inbox_table.c.channel == "mail", inbox_table.c.state != "counted")
        if self.town.socket._tasks or conn.execute(mails).scalar_one() < self._mails_in():
            return False
        if ready is not None and ready > self.clock.now():
            self.clock.push(BEAT)  # a dead courier's lease, or a send that is tried again
            return False
        return ready is None and (due is None or due > self.clock.now())

    def _mails_in(self) -> int:
        return sum(not letter.from_bot for letter in self.town.mail.letters)

    # the people

    async def asks(self, order: str, words: str) -> None:
        """Somebody asks in the channel."""
        who = self.chance.choice(["dana", "ines", "olu2"][:2])
        self.asked[order] = await self.town.slack.says(who, "#refunds", f"Please refund {order}{words}")

    async def writes(self, order: str, words: str) -> None:
        """A customer asks by mail."""
        self.asked[order], self.letters[order] = {}, f"c{order[-5:]}@shop.example"
        to = f"refunds@{self.town.mail.domain}"
        text = f"Hello,\n\nplease refund {order}{words}\n\nKind regards"
        await self.town.mail.write("A Customer", self.letters[order], to, f"Order {order}", text)

    async def answers(self, order: str, words: str) -> None:
        """Whoever asked gives what was missing, in the same conversation."""
        if root := self.asked[order]:
            await self.town.slack.says(root["user"], "#refunds", words, thread=root)
            return
        sender = self.letters[order]
        question = next(one for one in reversed(self.town.mail.outbox) if sender in one.recipients)
        parsed: Any = email.message_from_bytes(question.raw)
        await self.town.mail.write("A Customer", sender, str(parsed["From"]), f"Re: {order}", words, answers=parsed)

    async def decides(self, order: str) -> None:
        """Lee approves what is above the limit, as often as it takes until it is recorded."""
        assert self.store is not None
        while (item := await self.item(order)) is None or item.open_trouble("OVER_LIMIT"):
            if item is not None and self.town.slack.connected:
                line = f"/docket approve {item.key} DOUBLE_CHARGE The log shows two charges."
                await self.town.slack.types("lee", line)
            await asyncio.sleep(0.1)

    # what came of it

    async def item(self, order: str) -> Item | None:
        """The item that was opened for an order; there must be one at most."""
        assert self.store is not None
        every = await self.store.read(lambda conn: items.listing(conn, WS, state_open=False, limit=10_000))
        found = [item for item in every if order in item.text and item.workflow == "refund"]
        assert len(found) < 2, f"{order} became {[item.key for item in found]}"
        return found[0] if found else None

    async def account(self) -> dict[str, dict[str, int]]:
        """For each order what happened to it and who was told what, counted: the same in every run, killed or not."""
        assert self.store is not None
        told = {}
        for order in self.asked:
            item = await self.item(order)
            assert item is not None, f"the request for {order} is lost"
            told[order] = await self.store.read(partial(_history, key=item.key))
        return told

    async def sound(self) -> None:
        """What must hold whatever happened: the ledger proves itself, and nobody was told anything twice."""
        assert self.store is not None
        _, broken = await verified(self.store, WS, lambda _: None)
        assert broken == []
        rows = await self.store.read(lambda conn: conn.execute(select(outbox_table)).all())
        assert {row.state for row in rows} <= {"sent", "dropped"}, [row.problem for row in rows if row.state == "failed"]
        self._each_post_once({row.id: row for row in rows if row.state == "sent"})
        self._each_mail_known([row for row in rows if row.state == "sent"])

    def _each_post_once(self, sent: dict[str, Any]) -> None:
        """Every message of the bot in Slack is one receipt, and every receipt a message."""
        bot = self.town.app.bot_user
        posts = [m for c in self.town.workspace.channels.values() for m in c.messages.values() if m.get("user") == bot]
        ids = Counter(m["metadata"]["event_payload"]["id"] for m in posts)
        slack = {one: row for one, row in sent.items() if row.lane.startswith("slack:")}
        # An edited message carries the id of its last edit, so posts are held against receipts by where they are.
        assert max(ids.values()) == 1, "posted twice"
        assert {m["ts"] for m in posts} == {row.message_id for row in slack.values()}, "a post without a receipt"

    def _each_mail_known(self, sent: Sequence[Any]) -> None:
        """A mail may go twice when the bot died beside its receipt, but then as the very same Message-ID."""
        went = {str(email.message_from_bytes(letter.raw)["Message-ID"]) for letter in self.town.mail.outbox}
        assert went == {row.message_id for row in sent if row.lane.startswith("mail:")}


def _history(conn: Any, key: str) -> dict[str, int]:
    happened = Counter(recorded.entry.kind for recorded in ledger.of_item(conn, WS, key))
    cards = set()
    for posted in outbox.of_item(conn, WS, key):
        if isinstance(posted.notice, Card | DecisionCard):
            # How often a card was edited depends on what came together; how many cards there are does not.
            if posted.state == "sent":
                cards.add((posted.notice.slot, posted.message_id))
        else:
            happened[f"{type(posted.notice).__name__} to {posted.notice.to} {posted.state}"] += 1
    happened.update(f"card {slot.split(key)[0]} of {slot.split(':')[-1]}" for slot, _ in cards if slot)
    return dict(happened)


@asynccontextmanager
async def office(folder: Path, url: str | None = None, seed: int = 0) -> AsyncIterator[Office]:
    """The town with nobody at work yet; at its end whoever works is killed."""
    text = example()
    clock = SharedClock(folder / "clock", MORNING)
    # Slack's patience in small: what is not acknowledged comes again at once, for as long as a test may take.
    async with Town(load(text), clock, ack_seconds=0.6, retry_seconds=(0.2,) * 200) as town:  # type: ignore[arg-type]
        place = Office(town, clock, url or f"sqlite:///{folder}/docket.db", folder, random.Random(seed), text)
        try:
            yield place
        finally:
            if place.life is not None and place.life.alive:
                await place.life.killed()
            if place.store is not None:
                place.store.close()
