"""What became of claimed notices, written down with all that follows from it in one transaction."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any

from bot.desk import Desk
from bot.letters import Lettering
from handlers.ports import Busy, Outgoing, Sent, Sleep
from rules.events import Event, Failed, Threaded
from storage import outbox, threads
from storage.outbox import Claimed
from storage.store import Conflict, Store, Unavailable

log = logging.getLogger(__name__)

#: Between two tries to write a receipt into a database that can't be had.
AGAIN_SECONDS = 0.5


class Receipts:
    """A receipt is never given up: what was sent and not written down would be sent again."""

    def __init__(self, store: Store, desk: Desk, clock: Callable[[], datetime], sleep: Sleep) -> None:
        self._store, self._desk, self._clock, self._sleep = store, desk, clock, sleep

    async def begun(self, claims: Sequence[Claimed]) -> None:
        """The send starts now; after a crash it is looked for before it is sent again."""
        await self._insist(lambda conn: outbox.begin(conn, [claim.id for claim in claims]))

    async def arrived(self, claims: Sequence[Claimed], lettering: Lettering, outgoing: Outgoing, where: Sent) -> None:
        """It went there. Replies to it find its item; a first message begins the item's conversation."""
        now, ws = self._clock(), claims[0].ws
        slack = claims[0].lane.startswith("slack:")

        def receipt(conn: Any) -> None:
            for claim in claims:
                outbox.sent(conn, claim.id, where.place, where.id, now)
            if lettering.binds:
                root = outgoing.thread or where.id
                threads.bind(conn, ws, f"slack:{where.place}:{root}" if slack else f"mail:{where.id}", lettering.item)

        begins: Event | None = None
        if slack and lettering.first_of:
            begins = Threaded(
                id=f"threaded:{lettering.first_of}", workspace=ws, at=now, by="docket", via="docket",
                item=lettering.first_of, place=where.place, thread=where.id,
            )  # fmt: skip
        await self._with(receipt, begins)

    async def put_off(self, claims: Sequence[Claimed], not_before: datetime, problem: str, *, maybe_sent: bool) -> None:
        """It did not go now; again from `not_before` (UTC) on."""

        def again(conn: Any) -> None:
            for claim in claims:
                outbox.retry(conn, claim.id, not_before, problem, maybe_sent=maybe_sent)

        await self._insist(again)

    async def failed(self, claims: Sequence[Claimed], sentence: str, cause: str) -> None:
        """It can never go like this, and its owner is the operator."""
        now, ws = self._clock(), claims[0].ws

        def receipt(conn: Any) -> None:
            for claim in claims:
                outbox.fail(conn, claim.id, sentence, now)

        own = f"{self._desk.books.current.workflows['docket'].key}-"
        if all(claim.notice.item.startswith(own) for claim in claims):
            # A failed notice about a failure makes no further notice: its item stands, and the digest shows it.
            await self._insist(receipt)
            return
        failure = Failed(
            id=f"undelivered:{claims[0].id}", workspace=ws, at=now, by="docket", via="docket", cause=cause,
            sentence=sentence, item=claims[0].notice.item or None,
        )  # fmt: skip
        await self._with(receipt, failure)

    async def dropped(self, claims: Sequence[Claimed], reason: str) -> None:
        """It is no longer worth saying."""
        now = self._clock()

        def receipt(conn: Any) -> None:
            for claim in claims:
                outbox.drop(conn, claim.id, reason, now)

        await self._insist(receipt)

    async def given_back(self, claims: Sequence[Claimed]) -> None:
        """Whoever comes next may claim them at once."""
        await self._insist(lambda conn: outbox.give_back(conn, [claim.id for claim in claims]))

    async def _with(self, receipt: Callable[[Any], None], event: Event | None) -> None:
        """The receipt and what it leads to in one transaction; where the rules fail on that, the receipt alone."""

        def both(conn: Any) -> None:
            receipt(conn)
            if event is not None:
                self._desk.within(conn, event)

        try:
            await self._insist(both)
        except Exception:
            log.exception("what follows from a receipt could not be taken with it")
            await self._insist(receipt)
            if event is not None:
                await self._afterwards(event)

    async def _afterwards(self, event: Event) -> None:
        while True:
            try:
                await self._desk.take(event)  # keeps it in quarantine where it can't be taken
            except Busy:
                await self._sleep(AGAIN_SECONDS)
            else:
                return

    async def _insist(self, work: Callable[[Any], None]) -> None:
        while True:
            try:
                await self._store.write(work)
            except (Unavailable, Conflict) as problem:
                log.warning("a receipt waits for the database: %s", problem)
                await self._sleep(AGAIN_SECONDS)
            else:
                return
