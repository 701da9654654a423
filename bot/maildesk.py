"""What listening to an inbox needs from the house: taking mail, remembering how far it came, telling what fails."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from bot.desk import BUSY, Desk
from handlers.ports import Busy, Taken
from rules.events import Failed, Mailed, Recovered, Unreadable
from storage import mailboxes
from storage.store import Store, Unavailable


@dataclass(frozen=True, slots=True)
class InboxDesk:
    """handlers/mail/listen.MailDesk. Every method raises Busy while the database can't be had."""

    store: Store
    desk: Desk
    clock: Callable[[], datetime]

    async def take(self, event: Mailed | Unreadable, raw: bytes) -> Taken:
        """Take a mail with its raw bytes, in one transaction."""
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
        """The operator hears that a channel fails."""
        now = self.clock()
        await self.desk.take(
            Failed(
                id=f"failed:{cause}:{now.isoformat()}", workspace=self.desk.books.workspace, at=now, by="docket",
                via="docket", cause=cause, sentence=sentence,
            )
        )  # fmt: skip

    async def recovered(self, cause: str) -> None:
        """What failed works again."""
        now = self.clock()
        await self.desk.take(
            Recovered(
                id=f"recovered:{cause}:{now.isoformat()}", workspace=self.desk.books.workspace, at=now, by="docket",
                via="docket", cause=cause,
            )
        )  # fmt: skip
