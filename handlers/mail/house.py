"""What listening to an inbox needs from the house, as a protocol."""

from __future__ import annotations

from typing import Protocol

from handlers.ports import Taken
from rules.events import Mailed, Unreadable


class MailDesk(Protocol):
    """What listening needs from the house. Any of these may raise Busy: then nothing was recorded."""

    async def take(self, event: Mailed | Unreadable, raw: bytes) -> Taken: ...

    async def mark(self, inbox: str) -> tuple[int, int] | None:
        """UIDVALIDITY and the highest UID that was passed by, None for an inbox never seen."""
        ...

    async def advance(self, inbox: str, uidvalidity: int, uid: int) -> None: ...

    async def failed(self, cause: str, sentence: str) -> None: ...

    async def recovered(self, cause: str) -> None: ...
