"""What listening to Slack needs from the house beside the desk: remembering how far each conversation was heard."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TypeVar

from bot.desk import BUSY
from bot.duties import HISTORY, Duties
from handlers.ports import Busy, Mark
from storage import heard
from storage.store import Conflict, Store, Unavailable

T = TypeVar("T")

#: People come back to what was closed lately: a reply there may open it again.
CLOSED_LATELY = timedelta(days=7)


@dataclass(frozen=True, slots=True)
class SlackMemory:
    """handlers/ports.Heard over a store."""

    store: Store
    workspace: str
    clock: Callable[[], datetime]
    duties: Duties

    def alone(self) -> AbstractAsyncContextManager[None]:
        """What was missed is read by one instance after the other: the next one finds its marks moved."""
        return self.duties.alone(HISTORY)

    async def marks(self) -> Mapping[str, Mark]:
        """How far each conversation was heard."""
        found = await self._sure(self.store.read(lambda conn: heard.marks(conn, self.workspace)))
        return {place: Mark(*mark) for place, mark in found.items()}

    async def advance(self, marks: Mapping[str, Mark]) -> None:
        """All up to these marks was taken or passed by."""
        rows = {place: (mark.since, mark.ts) for place, mark in marks.items()}
        await self._sure(self.store.write(lambda conn: heard.advance(conn, self.workspace, rows)))

    async def threads(self) -> Sequence[tuple[str, str]]:
        """Place and root ts of the threads of items that are open or were closed lately."""
        after = self.clock() - CLOSED_LATELY
        found = await self._sure(self.store.read(lambda conn: heard.threads_of_items(conn, self.workspace, after)))
        apart = (conversation.split(":") for conversation in found)
        return [(parts[1], parts[2]) for parts in apart if len(parts) == 3]

    async def _sure(self, work: Awaitable[T]) -> T:
        try:
            return await work
        except (Unavailable, Conflict) as problem:
            raise Busy(BUSY) from problem
