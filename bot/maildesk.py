"""What listening to an inbox needs from the house: taking mail, remembering how far it came, telling what fails."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime

from bot.desk import BUSY, Desk
from bot.outages import Outages
from bot.quarantine import Reread
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
        return await self.desk.take(self._addressed(event), raw)

    def reread(self, readers: Mapping[str, Callable[[bytes, datetime], Mailed | Unreadable]]) -> Reread:
        """How what is held is read once more, by the names of inboxes; one that is no longer set up reads nothing."""

        def once_more(inbox: str, raw: bytes, now: datetime) -> Mailed | Unreadable | None:
            return self._addressed(readers[inbox](raw, now)) if inbox in readers else None

        return once_more

    def _addressed(self, event: Mailed | Unreadable) -> Mailed | Unreadable:
        if not isinstance(event, Mailed):
            return event
        also = {self.addresses[to] for to in event.recipients if to in self.addresses}
        return replace(event, addressed=tuple(sorted(also)))

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
