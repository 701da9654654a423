"""The courier: claims waiting notices, words them as things stand now, delivers them lane by lane, keeps receipts."""

from __future__ import annotations

import asyncio
import logging
import time
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Literal

from bot.books import Books
from bot.desk import Desk
from bot.letters import Lettering, lettered
from handlers.ports import Busy, Lasting, Outgoing, Passing, Sender, Sent
from rules.events import Failed, Recovered, Threaded
from storage import outbox, threads
from storage.outbox import Claimed
from storage.store import Store, Unavailable

log = logging.getLogger(__name__)

LEASE_SECONDS = 120.0
BATCH = 64
FIRST_RETRY_SECONDS, LONGEST_RETRY_SECONDS = 2.0, 600.0
#: After so many tries a channel counts as unreachable, and the operator hears of it.
TRIES_UNTIL_TOLD = 5
#: Slack takes one message a second in a channel, and short bursts ("Rate limits", chat.postMessage).
BURST, BURST_SECONDS = 3, 3.0


class Courier:
    """Sends what waits in the outbox through `senders` (by the lane's channel: slack, mail).

    `quiet` is held by whoever fires due timers, so that reminders that come due together are claimed together.
    """

    def __init__(
        self,
        store: Store,
        books: Books,
        desk: Desk,
        senders: Mapping[str, Sender],
        clock: Callable[[], datetime],
        quiet: asyncio.Lock,
    ) -> None:
        self._store, self._books, self._desk, self._senders, self._clock = store, books, desk, senders, clock
        self._quiet = quiet
        self._wake = asyncio.Event()
        self._sent_at: dict[str, list[float]] = defaultdict(list)
        self._down: set[str] = set()
        self._lanes: set[asyncio.Task[None]] = set()

    def wake(self) -> None:
        """Look again: something was put into the outbox, or the clock moved. To be called in the event loop."""
        self._wake.set()

    async def run(self, stop: asyncio.Event) -> None:
        """Send until `stop` is set; then what is under way ends, and claims that were not begun are given back."""
        stopping = asyncio.create_task(stop.wait())
        try:
            while not stop.is_set():
                self._wake.clear()
                claimed = await self._claim()
                for lane in _by_lane(claimed):
                    task = asyncio.create_task(self._lane(lane, stop))
                    self._lanes.add(task)
                    task.add_done_callback(self._done)
                if len(claimed) < BATCH:
                    await self._wait(stopping)
        finally:
            stopping.cancel()
            await asyncio.gather(*self._lanes, return_exceptions=True)

    async def idle(self) -> None:
        """Wait until nothing that could be sent now is waiting or under way: for tests and the command line."""
        while True:
            await asyncio.gather(*self._lanes, return_exceptions=True)
            ready = await self._store.read(outbox.next_ready)
            if not self._lanes and (ready is None or ready > self._clock()):
                return
            self._wake.set()
            await asyncio.sleep(0.01)

    def _done(self, task: asyncio.Task[None]) -> None:
        self._lanes.discard(task)
        self._wake.set()  # the lane's next notice may go now
        if not task.cancelled() and (problem := task.exception()) is not None:
            log.error("a lane of the courier ended", exc_info=problem)

    async def _claim(self) -> list[Claimed]:
        try:
            async with self._quiet:
                now = self._clock()
                return await self._store.write(lambda conn: outbox.claim(conn, now, LEASE_SECONDS, BATCH))
        except Unavailable as problem:
            log.warning("the outbox can't be read: %s", problem)
            await asyncio.sleep(1.0)
            return []

    async def _wait(self, stopping: asyncio.Task[Literal[True]]) -> None:
        """Until woken, stopped, or the next notice is ready."""
        try:
            ready = await self._store.read(outbox.next_ready)
        except Unavailable:
            ready = self._clock() + timedelta(seconds=1)
        seconds = 30.0 if ready is None else min(30.0, max(0.05, (ready - self._clock()).total_seconds()))
        woken = asyncio.create_task(self._wake.wait())
        await asyncio.wait({woken, stopping}, timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
        woken.cancel()

    async def _lane(self, claims: Sequence[Claimed], stop: asyncio.Event) -> None:
        """Send what was claimed of one lane: one notice, or all its reminders as one message."""
        ids = [claim.id for claim in claims]
        if stop.is_set():
            await self._store.write(lambda conn: outbox.give_back(conn, ids))
            return
        try:
            lettering = await self._store.read(lambda conn: lettered(conn, self._books, claims, self._clock()))
        except Unavailable:
            return  # the lease ends by itself
        except Exception as problem:
            log.exception("a notice could not be worded")
            await self._fail(claims, f"it could not be worded ({type(problem).__name__})", "rules:wording")
            return
        if lettering.outgoing is None:
            await self._store.write(lambda conn: _drop(conn, ids, lettering.reason, self._clock()))
            return
        await self._deliver(claims, lettering, lettering.outgoing)

    async def _deliver(self, claims: Sequence[Claimed], lettering: Lettering, outgoing: Outgoing) -> None:
        channel, first = claims[0].lane.partition(":")[0], claims[0]
        sender = self._senders.get(channel)
        if sender is None:
            sentence = f"{_place(first.lane)} can't be told anything: {channel} is not set up."
            await self._fail(claims, sentence, f"deliver:{channel}:off")
            return
        try:
            found = await sender.find(outgoing, first.created_at) if first.maybe_sent else None
            if found is None:
                await self._pace(first.lane, outgoing)
                await self._store.write(lambda conn: outbox.begin(conn, [claim.id for claim in claims]))
                found = await sender.send(outgoing)
        except Passing as problem:
            await self._later(claims, channel, problem)
        except Lasting as problem:
            await self._fail(claims, str(problem), f"deliver:{first.lane}")
        except Unavailable:
            return  # not begun: the lease ends by itself
        else:
            await self._arrived(claims, lettering, outgoing, found, channel)

    async def _arrived(
        self, claims: Sequence[Claimed], lettering: Lettering, outgoing: Outgoing, where: Sent, channel: str
    ) -> None:
        now, ws = self._clock(), self._books.workspace

        def receipt(conn: Any) -> None:
            for claim in claims:
                outbox.sent(conn, claim.id, where.place, where.id, now)
            if lettering.item and lettering.binds:
                root = outgoing.thread or where.id
                conversation = f"slack:{where.place}:{root}" if channel == "slack" else f"mail:{where.id}"
                threads.bind(conn, ws, conversation, lettering.item)

        await _until_written(self._store, receipt)
        if lettering.first_of and channel == "slack":
            await self._desk.take(
                Threaded(
                    id=f"threaded:{lettering.first_of}", workspace=ws, at=now, by="docket", via="docket",
                    item=lettering.first_of, place=where.place, thread=where.id,
                )
            )  # fmt: skip
        if channel in self._down:
            self._down.discard(channel)
            await self._tell(Recovered(**self._own(f"recovered:{channel}"), cause=_cause(channel)))

    async def _later(self, claims: Sequence[Claimed], channel: str, problem: Passing) -> None:
        tries = claims[0].attempts
        seconds = problem.retry_after_seconds
        if seconds is None:
            seconds = min(LONGEST_RETRY_SECONDS, FIRST_RETRY_SECONDS * 2**tries)
        now = self._clock()
        # Without a Retry-After nobody knows whether the message arrived before the answer was lost: look first.
        unsure = problem.retry_after_seconds is None
        not_before = now + timedelta(seconds=seconds)

        def again(conn: Any) -> None:
            for claim in claims:
                outbox.retry(conn, claim.id, not_before, str(problem), maybe_sent=unsure)

        await _until_written(self._store, again)
        if tries + 1 >= TRIES_UNTIL_TOLD and channel not in self._down:
            self._down.add(channel)
            await self._tell(
                Failed(**self._own(f"unreachable:{channel}"), cause=_cause(channel), sentence=str(problem))
            )

    async def _fail(self, claims: Sequence[Claimed], sentence: str, cause: str) -> None:
        now = self._clock()

        def failed(conn: Any) -> None:
            for claim in claims:
                outbox.fail(conn, claim.id, sentence, now)

        await _until_written(self._store, failed)
        # A notice about a failure that fails makes no further notice: the item stands, and the digest shows it.
        if not all(claim.notice.item.startswith("BOT-") for claim in claims):
            item = claims[0].notice.item or None
            event = Failed(**self._own(f"failed:{claims[0].id}"), cause=cause, sentence=sentence, item=item)
            await self._tell(event)

    def _own(self, what: str) -> dict[str, Any]:
        now = self._clock()
        return {
            "id": f"courier:{what}:{now.isoformat()}",
            "workspace": self._books.workspace,
            "at": now,
            "by": "docket",
            "via": "docket",
        }

    async def _tell(self, event: Failed | Recovered) -> None:
        try:
            await self._desk.take(event)
        except Busy:
            log.warning("the operator could not be told: the database is busy")

    async def _pace(self, lane: str, outgoing: Outgoing) -> None:
        """Keep to Slack's pace by ourselves, before it has to say 429; edits have a tier of their own."""
        if not lane.startswith("slack:") or outgoing.edit is not None:
            return
        sent = self._sent_at[lane]
        now = time.monotonic()
        sent[:] = [at for at in sent if now - at < BURST_SECONDS]
        if len(sent) >= BURST:
            await asyncio.sleep(sent[0] + BURST_SECONDS - now)
        sent.append(time.monotonic())


def _by_lane(claimed: Sequence[Claimed]) -> list[list[Claimed]]:
    lanes: dict[str, list[Claimed]] = defaultdict(list)
    for claim in claimed:
        lanes[claim.lane].append(claim)
    return list(lanes.values())


def _place(lane: str) -> str:
    return lane.partition(":")[2]


def _cause(channel: str) -> str:
    return "slack" if channel == "slack" else "smtp"


def _drop(conn: Any, ids: Sequence[str], reason: str, at: datetime) -> None:
    for one in ids:
        outbox.drop(conn, one, reason, at)


async def _until_written(store: Store, work: Callable[[Any], None]) -> None:
    """A receipt must not be lost to a busy database, lest it be sent again. A crash is what `find` is for."""
    while True:
        try:
            await store.write(work)
        except Unavailable as problem:
            log.warning("a receipt waits for the database: %s", problem)
            await asyncio.sleep(0.5)
        else:
            return
