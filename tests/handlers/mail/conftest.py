"""One Dovecot for all the tests of this folder, and a house that remembers what it was told."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import pytest

from handlers.ports import Busy, Taken
from rules.events import Mailed, Unreadable
from tests.dovecot import Dovecot, running


@pytest.fixture(scope="session")
def dovecot() -> Iterator[Dovecot]:
    with running() as server:
        yield server


@dataclass
class House:
    """handlers.mail.listen.MailDesk in memory. `refuse` says whether the next take is refused, and by what."""

    events: list[Mailed | Unreadable] = field(default_factory=list)
    raws: list[bytes] = field(default_factory=list)
    offered: list[str] = field(default_factory=list)
    marks: dict[str, tuple[int, int]] = field(default_factory=dict)
    told: list[tuple[str, str]] = field(default_factory=list)
    refuse: Callable[[Mailed | Unreadable], Exception | None] = lambda _event: None
    on_take: Callable[[], None] = lambda: None
    _changed: asyncio.Event = field(default_factory=asyncio.Event)

    async def take(self, event: Mailed | Unreadable, raw: bytes) -> Taken:
        self.offered.append(event.id)
        self._changed.set()
        if problem := self.refuse(event):
            raise problem
        self.on_take()
        if any(known.id == event.id for known in self.events):
            return Taken(repeat=True)
        self.events.append(event)
        self.raws.append(raw)
        return Taken()

    async def mark(self, inbox: str) -> tuple[int, int] | None:
        return self.marks.get(inbox)

    async def advance(self, inbox: str, uidvalidity: int, uid: int) -> None:
        self.marks[inbox] = (uidvalidity, uid)
        self._changed.set()

    async def failed(self, cause: str, sentence: str) -> None:
        self.told.append((cause, sentence))
        self._changed.set()

    async def recovered(self, cause: str) -> None:
        self.told.append((cause, ""))
        self._changed.set()

    @property
    def subjects(self) -> list[str]:
        return [event.subject for event in self.events if isinstance(event, Mailed)]

    async def until(self, condition: Callable[[], object], seconds: float = 15) -> None:
        """Wait for what must happen; looks whenever something was told, and now and then."""
        async with asyncio.timeout(seconds):
            while not condition():
                self._changed.clear()
                try:
                    await asyncio.wait_for(self._changed.wait(), 0.05)
                except TimeoutError:
                    continue


BUSY = Busy("The database is busy.")


@pytest.fixture
def house() -> House:
    return House()
