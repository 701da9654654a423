"""What a door remembers of Slack's conversations, in memory; `busy` stands for a database in trouble."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager

from handlers.ports import Busy, Mark


class Memory:
    """handlers/ports.Heard: `kept` are the marks, `items` the threads of items."""

    def __init__(self, kept: Mapping[str, Mark] | None = None, items: tuple[tuple[str, str], ...] = ()) -> None:
        self.kept = dict(kept or {})
        self.items = items
        self.busy = 0

    @asynccontextmanager
    async def alone(self) -> AsyncIterator[None]:
        yield

    async def marks(self) -> Mapping[str, Mark]:
        self._check()
        return dict(self.kept)

    async def advance(self, marks: Mapping[str, Mark]) -> None:
        self._check()
        self.kept.update(marks)

    async def threads(self) -> tuple[tuple[str, str], ...]:
        self._check()
        return self.items

    def _check(self) -> None:
        if self.busy:
            self.busy -= 1
            raise Busy("The database is locked.")
