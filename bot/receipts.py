"""What became of claimed notices, written down with all that follows from it in one transaction."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any, TypeVar

from bot.absences import Absences
from bot.desk import Desk
from bot.gathering import Gathering
from bot.letters import Lettering
from bot.recording import put
from handlers.ports import Busy, Outgoing, Sent, Sleep
from rules.events import Event, Refusal
from rules.lanes import lane
from rules.notices import Board, Broken
from rules.own_events import Failed, Refused, Threaded
from storage import items, outbox, threads
from storage.outbox import Arrived, Claimed
from storage.store import Conflict, Store, Unavailable

log = logging.getLogger(__name__)
T = TypeVar("T")

#: Between two tries to write a receipt into a database that can't be had.
AGAIN_SECONDS = 0.5


@dataclass(frozen=True, slots=True, kw_only=True)
class Receipt:
    """What one message that arrived leaves behind: an end for each notice in it, and whose its conversation is."""

    ws: str
    arrived: Sequence[Arrived]
    binds: Mapping[str, str]


def begin(conn: Any, sends: Sequence[Sequence[str]]) -> list[bool]:
    """These sends start now, each of the notices with these ids; says of each whether it may (`outbox.begin`)."""
    if outbox.begin(conn, [id for ids in sends for id in ids]):
        return [True] * len(sends)
    return [outbox.begin(conn, ids) for ids in sends]  # what is paused must not hold up what is not


def keep(conn: Any, receipts: Sequence[Receipt]) -> list[None]:
    """Write these down, whatever their lanes."""
    outbox.sent(conn, [each for receipt in receipts for each in receipt.arrived])
    for ws in dict.fromkeys(receipt.ws for receipt in receipts):
        threads.bind(conn, ws, {name: key for r in receipts if r.ws == ws for name, key in r.binds.items()})
    return [None] * len(receipts)


class Receipts:
    """A receipt is never given up: what was sent and not written down would be sent again."""

    def __init__(
        self, store: Store, desk: Desk, clock: Callable[[], datetime], absences: Absences, sleep: Sleep
    ) -> None:
        self._store, self._desk, self._clock, self._absences, self._sleep = store, desk, clock, absences, sleep
        self._beginning, self._arriving = Gathering(store, begin), Gathering(store, keep)

    async def begun(self, claims: Sequence[Claimed]) -> bool:
        """The send starts now; after a crash it is looked for before it is sent again. False: it was paused since."""
        ids = [claim.id for claim in claims]
        return await self._insist(lambda: self._beginning.add(ids))

    async def arrived(self, claims: Sequence[Claimed], lettering: Lettering, outgoing: Outgoing, where: Sent) -> None:
        """It went there. Replies to it find its item; a first message begins the item's conversation."""
        now, ws = self._clock(), claims[0].ws
        slack = claims[0].lane.startswith("slack:")

        conversation = f"slack:{where.place}:{outgoing.thread or where.id}" if slack else f"mail:{where.id}"
        receipt = Receipt(
            ws=ws,
            arrived=[Arrived(claim.id, where.place, where.id, now) for claim in claims],
            binds={conversation: lettering.item} if lettering.binds else {},
        )
        if slack and lettering.first_of:
            begins = Threaded(
                id=f"threaded:{lettering.first_of}", workspace=ws, at=now, by="docket", via="docket",
                item=lettering.first_of, place=where.place, thread=where.id, permalink=where.permalink,
            )  # fmt: skip
            await self._with(partial(keep, receipts=[receipt]), begins)
        else:
            await self._insist(lambda: self._arriving.add(receipt))
        self._desk.metrics.delivered(claims, "sent")

    async def put_off(self, claims: Sequence[Claimed], not_before: datetime, problem: str, *, maybe_sent: bool) -> None:
        """It did not go now; again from `not_before` (UTC) on."""

        def again(conn: Any) -> None:
            for claim in claims:
                outbox.retry(conn, claim.id, not_before, problem, maybe_sent=maybe_sent)

        await self._write(again)
        self._desk.metrics.delivered(claims, "put_off")

    async def put_aside(self, claims: Sequence[Claimed], until: datetime) -> None:
        """It is too early for it; until then (UTC) what stands behind it in its lane goes first."""

        def aside(conn: Any) -> None:
            for claim in claims:
                outbox.put_aside(conn, claim.id, until)

        await self._write(aside)

    async def failed(self, claims: Sequence[Claimed], sentence: str, cause: str, status: str = "") -> None:
        """It can never go like this, and its owner is the operator; of private work, whoever has that.

        `status`: its address was refused (handlers/ports.Lasting). What was bundled is one failure for each item: not
        everybody may hear of all of them. Where its reader is out of reach, that is what is wrong, told once; their
        work goes to others, who hear of it themselves.
        """
        now, ws = self._clock(), claims[0].ws
        doubt = await self._absences.doubted(claims[0].lane)
        if isinstance(doubt, str):
            await self.dropped(claims, doubt)
            return
        self._desk.metrics.delivered(claims, "failed")

        def receipt(conn: Any) -> None:
            for claim in claims:
                outbox.fail(conn, claim.id, sentence, now)

        if doubt is not None:
            await self._with(receipt, doubt)
            return
        if status:
            await self._with(receipt, *(self._refused(claim, now, status) for claim in claims))
            return
        own = f"{self._desk.books.current.workflows['docket'].key}-"
        # A failed notice about a failure makes no further notice: its item stands, and the digest shows it.
        telling = [
            c
            for c in reversed(claims)
            if not c.notice.item.startswith(own)
            and not isinstance(c.notice, Broken)
            and not (isinstance(c.notice, Board) and c.notice.ours)
        ]
        failures = [
            Failed(
                id=f"undelivered:{claim.id}", workspace=ws, at=now, by="docket", via="docket", cause=cause,
                sentence=sentence, item=key or None,
            )
            for key, claim in {claim.notice.item: claim for claim in telling}.items()
        ]  # fmt: skip
        await self._with(receipt, *failures)

    def _refused(self, claim: Claimed, now: datetime, status: str) -> Refused:
        address = claim.lane.partition(":")[2].lower()
        return Refused(
            id=f"refused:{claim.id}", workspace=claim.ws, at=now, by="docket", via="docket", letter=claim.id,
            refusal=Refusal(address=address, status=status, action="failed"),
        )  # fmt: skip

    async def otherwise(self, claims: Sequence[Claimed], sentence: str, cause: str) -> None:
        """Its channel is closed: it waits anew in the lane that is right as things stand; where that is the same, it

        can never go, and its owner is the operator.
        """
        now, ws, ways, books = self._clock(), claims[0].ws, self._desk.ways, self._desk.books

        def moved(conn: Any) -> list[Claimed]:
            left = []
            for claim in claims:
                item = items.load(conn, ws, claim.notice.item) if claim.notice.item else None
                try:
                    where = lane(claim.notice, item, books.current, ways)
                except KeyError:  # who was to be told is not in the rulebook any more
                    where = claim.lane
                if where == claim.lane:
                    left.append(claim)
                else:
                    outbox.drop(conn, claim.id, "that way is closed" + (f", it goes to {where}" if where else ""), now)
                    put(conn, books, claim.notice, item, now, ways)
            return left

        if left := await self._write(moved):
            await self.failed(left, sentence, cause)

    async def dropped(self, claims: Sequence[Claimed], reason: str) -> None:
        """It is no longer worth saying."""
        now = self._clock()

        def receipt(conn: Any) -> None:
            for claim in claims:
                outbox.drop(conn, claim.id, reason, now)

        await self._write(receipt)
        self._desk.metrics.delivered(claims, "dropped")

    async def given_back(self, claims: Sequence[Claimed]) -> None:
        """Whoever comes next may claim them at once."""
        await self._write(lambda conn: outbox.give_back(conn, [claim.id for claim in claims]))

    async def _with(self, receipt: Callable[[Any], object], *events: Event) -> None:
        """The receipt and what it leads to in one transaction; where the rules fail on that, the receipt alone."""

        def both(conn: Any) -> None:
            receipt(conn)
            for event in events:
                self._desk.within(conn, event)

        try:
            await self._write(both)
        except Exception:
            log.exception("what follows from a receipt could not be taken with it")
            await self._write(receipt)
            for event in events:
                await self._afterwards(event)

    async def _afterwards(self, event: Event) -> None:
        while True:
            try:
                await self._desk.take(event)  # keeps it in quarantine where it can't be taken
            except Busy:
                await self._sleep(AGAIN_SECONDS)
            else:
                return

    async def _write(self, work: Callable[[Any], T]) -> T:
        return await self._insist(lambda: self._store.write(work))

    async def _insist(self, write: Callable[[], Awaitable[T]]) -> T:
        while True:
            try:
                return await write()
            except (Unavailable, Conflict) as problem:
                log.warning("a receipt waits for the database: %s", problem)
                await self._sleep(AGAIN_SECONDS)
