"""What listening to an inbox needs from the house: taking mail, remembering how far it came, telling what fails."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from bot.desk import BUSY, Desk
from bot.outages import Outages
from handlers.ports import Busy, Taken
from rules.events import Mailed, Unreadable
from storage import mailboxes
from storage.store import Store, Unavailable


@dataclass(frozen=True, slots=True)
class InboxDesk:
    """handlers/mail/listen.MailDesk. Every method raises Busy while the database can't be had."""

    store: Store
    desk: Desk
    outages: Outages
    addresses: Mapping[str, str] = field(default_factory=dict)  # of our inboxes, to their names

    async def take(self, event: Mailed | Unreadable, raw: bytes) -> Taken:
        """Take a mail with its raw bytes, in one transaction; which inboxes it also went to is known only here."""
        if isinstance(event, Mailed):
            also = {self.addresses[to] for to in event.recipients if to in self.addresses}
            event = replace(event, addressed=tuple(sorted(also)))
        return await self.desk.take(event, raw)

    async def mark(self, inbox: str) -> tuple[int, int] | None:
        """UIDVALIDITY and the highest UID that was passed by."""
        ws = self.desk.books.workspace
        try:
            return await self.store.read(lambda conn: mailboxes.state(conn, ws, inbox))
        except Unavailable as problem:
            raise Busy(BUSY) from problem

    async def advance(self, inbox: str, uidvalidity: int, uid: int) -> None:
        """Everything up to `uid` was taken."""
        ws = self.desk.books.workspace
        try:
            await self.store.write(lambda conn: mailboxes.advance(conn, ws, inbox, uidvalidity, uid))
        except Unavailable as problem:
            raise Busy(BUSY) from problem

    async def failed(self, cause: str, sentence: str) -> None:
        """The operator hears that this inbox fails."""
        await self.outages.failed(cause, sentence)

    async def recovered(self, cause: str) -> None:
        """It works again."""
        await self.outages.recovered(cause)
