"""Harbor's office around a bot that is killed again and again: what people do, and what must have come of it."""

from __future__ import annotations

import asyncio
import email
import json
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

from sqlalchemy import func, or_, select

from bot.demo import example
from bot.sandbox.town import Town
from bot.verifying import verified
from rules.book.load import load
from rules.items import Item
from rules.notices import Card, DecisionCard, Reminder
from storage import items, ledger, outbox, timers
from storage.schema import inbox as inbox_table
from storage.schema import outbox as outbox_table
from storage.store import Store
from tests.dovecot import Dovecot
from tests.faults.child import run
from tests.faults.shared_clock import SharedClock
from tests.processes import Process
from tests.stories.harbor import MORNING
from tests.stories.post_office import inbox_url

WS = "main"
#: Longer than a courier's lease: what a killed one had claimed is free again.
BEAT = timedelta(seconds=130)
#: What a due time does, an entry each.
FIRED = ("asked", "reminded", "late", "escalated", "raised")
#: What names a digest.
DIGEST = ("name", "day", "to", "way")
Moment = tuple[str, str, int]


@dataclass
class Office:
    """The town, the `size` instances of the bot, and what was asked of them. `deaths` counts how they ended."""

    town: Town
    clock: SharedClock
    url: str
    folder: Path
    chance: random.Random
    text: str
    deadly: bool
    size: int = 1
    settings: dict[str, str] = field(default_factory=dict)  # of the bot, beside the town's
    lives: list[Process] = field(default_factory=list)  # the instances at work; the last one is the next to die
    store: Store | None = None
    asked: dict[str, dict[str, Any]] = field(default_factory=dict)  # order number -> the Slack message, {} for a mail
    letters: dict[str, str] = field(default_factory=dict)  # order number -> who wrote the mail
    deaths: Counter[str] = field(default_factory=Counter)
    tries: list[asyncio.Task[None]] = field(default_factory=list)

    # the bot's lives

    @property
    def said(self) -> str:
        """What the instances wrote."""
        return "\n".join(life.said for life in self.lives)

    def begin(self, moment: Moment | None = None) -> None:
        """Start what is missing of the instances; the last one dies at that moment by itself."""
        while len(self.lives) < self.size:
            last = len(self.lives) == self.size - 1
            told = {**self.town.environment, **self.settings, "DOCKET_DATABASE_URL": self.url}
            arguments = (self.text, str(self.folder / "clock"), MORNING.isoformat(), moment if last else None)
            self.lives.append(Process(run, *arguments, environment=told, folder=self.folder))

    @asynccontextmanager
    async def beat(self, moment: Moment | None = None) -> AsyncIterator[None]:
        """A stretch of time in which people act, ended by a death, or, in a run without deaths, when all is done."""
        if not self.deadly:
            yield
            await self.calm()
        else:
            if len(self.lives) == self.size:  # of several instances one makes room for the one that is to die
                await self._killed(self.chance.randrange(self.size))
            self.begin(moment)
            yield
            await self._dies(moment)
        self.clock.push(BEAT)

    async def _dies(self, moment: Moment | None) -> None:
        """One life ends: at its moment, or killed from outside at any time."""
        life = self.lives[-1]
        try:
            code = await life.ends(1.5 if moment else self.chance.uniform(0.1, 1.2))
            assert code == -signal.SIGKILL, f"it ended by itself ({code}):\n{life.said}"
            assert moment is not None
            self.lives.remove(life)
            self.deaths[f"{moment[0]} {moment[1]}"] += 1
        except TimeoutError:
            await self._killed(-1)

    async def _killed(self, number: int, when: str = "at any time") -> None:
        await self.lives.pop(number).killed()
        self.deaths[when] += 1

    @asynccontextmanager
    async def living(self) -> AsyncIterator[None]:
        """A life that is left in peace until all is done; people's tries that met no bot are repeated in it."""
        self.begin()
        yield
        async with asyncio.timeout(30):  # who decides about what is lost would go on for ever
            await asyncio.gather(*self.tries)
        self.tries.clear()
        await self.calm()
        if self.deadly and self.size == 1:
            await self._killed(0, "at rest")
        self.clock.push(BEAT)
        assert self.town.delivery.undelivered == [], "an event that was never acknowledged"

    async def calm(self, seconds: float = 20) -> None:
        """Wait until the living bot has done everything: events taken, mails read, nothing due, nothing to be sent."""
        if self.store is None:
            self.store = await asyncio.to_thread(Store.open, self.url)
        undone = ["everything"]
        try:
            async with asyncio.timeout(seconds):
                while undone:
                    await asyncio.sleep(0.03)
                    undone = await self.store.read(self._undone)
        except TimeoutError:
            raise AssertionError(f"it never came to rest: {undone}\n{self.said}") from None

    def _undone(self, conn: Any) -> list[str]:
        due = timers.next_due(conn)
        mails = select(func.count()).where(inbox_table.c.channel == "mail", inbox_table.c.state != "counted")
        waiting = select(outbox_table.c.kind, outbox_table.c.lane, outbox_table.c.begun, outbox_table.c.problem).where(
            outbox_table.c.state == "waiting",
            # A reminder of the night waits for the morning.
            or_(outbox_table.c.not_before.is_(None), outbox_table.c.not_before <= self.clock.now()),
        )
        missing = self._mails_in() - conn.execute(mails).scalar_one()
        return [
            *(f"{row} waits" for row in conn.execute(waiting)),
            *([f"{missing} mails are not read"] if missing > 0 else []),
            *([f"due since {due}"] if due is not None and due <= self.clock.now() else []),
            *(["events are not acknowledged"] if self.town.delivery.busy else []),
        ]

    def _mails_in(self) -> int:
        return sum(not letter.from_bot for letter in self.town.mail.letters)

    # the people

    async def asks(self, order: str, words: str) -> None:
        """Somebody asks in the channel."""
        who = "dana" if int(order[-1]) % 2 else "ines"
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

    def decides(self, order: str) -> None:
        """Lee approves what is above the limit, as often as it takes until it is recorded."""
        self.tries.append(asyncio.create_task(self._insists(order)))

    async def _insists(self, order: str) -> None:
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
        assert [row.problem for row in rows if row.state == "failed"] == []
        assert await self.store.read(_fired) == await self.store.read(_effects), "each due time fires once"
        self._each_post_once({row.id: row for row in rows if row.state == "sent"})
        self._each_mail_known([row for row in rows if row.state == "sent"])
        digests = Counter(
            (row.lane, tuple(map(json.loads(row.notice).get, DIGEST))) for row in rows if row.kind == "Digest"
        )
        assert max(digests.values(), default=1) == 1, "a digest was made twice"
        _in_order([row for row in rows if row.state == "sent" and row.kind != "Reminder"])

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


def _in_order(sent: Sequence[Any]) -> None:
    """What was said of an item in a lane first was posted first, by whichever instance it was sent.

    Of different items nobody can say which came first: their takes are committed beside each other.
    """
    posted: dict[tuple[str, str], dict[str, None]] = {}
    for row in sorted(sent, key=lambda row: int(row.n)):
        if row.lane.startswith("slack:"):  # an edit has the ts of what it edits
            posted.setdefault((row.lane, row.item), {})[row.message_id] = None
    for lane, found in posted.items():
        assert list(found) == sorted(found), f"{lane} was served out of order"


def _fired(conn: Any) -> Counter[str]:
    """How many due times of each item were taken."""
    rows = conn.execute(select(inbox_table.c.item).where(inbox_table.c.kind == "Due", inbox_table.c.state == "taken"))
    return Counter(row.item for row in rows)


def _effects(conn: Any) -> Counter[str]:
    """How often time did something to each item, by its ledger."""
    every = (recorded.entry for recorded in ledger.every(conn, WS))
    return Counter(entry.item for entry in every if entry.via == "timer" and entry.kind in FIRED)


def _history(conn: Any, key: str) -> dict[str, int]:
    # How many reminders there are depends on how late the first one came.
    happened = Counter(
        recorded.entry.kind for recorded in ledger.of_item(conn, WS, key) if recorded.entry.kind != "reminded"
    )
    cards = set()
    for posted in outbox.of_item(conn, WS, key):
        if isinstance(posted.notice, Card | DecisionCard):
            # How often a card was edited depends on what came together; how many cards there are does not.
            if posted.state == "sent":
                whose = "card" if isinstance(posted.notice, Card) else f"card of {posted.notice.code}"
                cards.add((f"{whose} to {posted.notice.to}", posted.message_id))
        elif not isinstance(posted.notice, Reminder):
            happened[f"{type(posted.notice).__name__} to {posted.notice.to} {posted.state}"] += 1
    happened.update(card for card, _ in cards)
    return dict(happened)


def through(dovecot: Dovecot, town: Town) -> dict[str, str]:
    """Have what is written to the town's inboxes delivered to a real server; the settings with which it is read."""
    users = {name: dovecot.new_user() for name in town.mail.inboxes}

    async def deliver(inbox: str, raw: bytes) -> None:
        await asyncio.to_thread(dovecot.deliver, users[inbox], raw)

    town.mail.deliver = deliver  # type: ignore[method-assign]
    return {f"DOCKET_INBOX_{name.upper()}": inbox_url(dovecot, user) for name, user in users.items()}


@asynccontextmanager
async def office(
    folder: Path,
    *,
    deadly: bool,
    url: str | None = None,
    seed: int = 0,
    size: int = 1,
    dovecot: Dovecot | None = None,
) -> AsyncIterator[Office]:
    """The town with nobody at work yet; at its end whoever works is killed. `dovecot`: its mail comes in there."""
    text = example()
    clock = SharedClock(folder / "clock", MORNING)
    # Slack's patience in small: what is not acknowledged comes again at once, for as long as a test may take.
    async with Town(load(text), clock, ack_seconds=0.6, retry_seconds=(0.2,) * 200) as town:  # type: ignore[arg-type]
        url = url or f"sqlite:///{folder}/docket.db"
        place = Office(town, clock, url, folder, random.Random(seed), text, deadly, size)
        if dovecot is not None:
            place.settings = through(dovecot, town)
        try:
            yield place
        finally:
            for life in place.lives:
                if life.alive:
                    await life.killed()
            if place.store is not None:
                place.store.close()
