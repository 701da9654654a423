"""Decision pages: whose page a token is, what stands on it, and the decision that is made there."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from uuid import uuid4
from zoneinfo import ZoneInfo

from bot.desk import BUSY, Desk
from bot.letters import names
from bot.tokens import Tokens
from handlers.pieces import Reading
from handlers.ports import Busy, DecisionAsked, DecisionMade
from rules.deciding_page import Page, page
from rules.events import Command
from rules.messages import Reply
from rules.people import zone_of
from rules.tickets import ticket
from storage import items, tokens
from storage.store import Unavailable


@dataclass(frozen=True, slots=True)
class Pages:
    """handlers/ports.DecisionDesk."""

    desk: Desk
    tokens: Tokens

    async def asked(self, token: str) -> DecisionAsked | None:
        """What that token's page shows; None for a token that is none. Raises Busy."""
        found = await self._read(token)
        return None if found is None else self._shown(found)

    async def decide(self, token: str, made: DecisionMade) -> Reply | None:
        """Take a decision that was made on the page; None for a token that is none (any more). Raises Busy.

        A token serves once by itself: it names one opening of one exception, and that is decided once.
        """
        found = await self._read(token)
        if found is None:
            return None
        command = Command(
            id=f"page:{uuid4()}",  # the same form sent twice is answered twice, and decides once
            workspace=self.desk.books.workspace,
            at=self.desk.clock(),
            by=found.person,
            via="page",
            verb=made.verdict,
            item=found.item,
            code=found.code,
            reason_code=made.reason_code or None,
            words=made.rationale,
            seen=made.seen,
        )
        return (await self.desk.take(command)).reply

    async def _read(self, token: str) -> Page | None:
        try:
            return await self.desk.store.read(lambda conn: self._page(conn, token))
        except Unavailable as problem:
            raise Busy(BUSY) from problem

    def _page(self, conn: Any, token: str) -> Page | None:
        outbox_id, ws = self.tokens.read(token, "page"), self.desk.books.workspace
        issued = tokens.issued(conn, ws, outbox_id) if outbox_id else None
        if outbox_id is None or issued is None:
            return None
        item = items.load(conn, ws, issued.notice.item)
        if item is None:
            return None
        world = self.desk.world(conn, item, self.desk.clock())
        return page(ticket(outbox_id, issued.notice, issued.created_at, item, spent=False), world)

    def _shown(self, found: Page) -> DecisionAsked:
        book = self.desk.books.current
        zone = ZoneInfo(zone_of(book, found.person))
        reading = Reading(names=names(book), zone=zone, today=self.desk.clock().astimezone(zone).date())
        return DecisionAsked(page=found, organization=book.organization, reading=reading)
