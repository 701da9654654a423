"""Small writes that come at the same moment share a transaction: on a server, a transaction costs more than a row."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from contextvars import Context
from typing import Any, Generic, TypeVar

from storage.store import Store, Unavailable

G = TypeVar("G")
R = TypeVar("R")

#: So many at most, lest the first waits long for the last.
MOST = 64


class Gathering(Generic[G, R]):
    """Whatever is added while a transaction is under way goes into the next one, which begins when that has ended.

    Nobody waits for company: what comes alone goes at once. `work` gets all that is in one transaction and gives as
    many results, in their order; as in Store.write it may be run more than once.
    """

    def __init__(self, store: Store, work: Callable[[Any, Sequence[G]], Sequence[R]]) -> None:
        self._store, self._work = store, work
        self._waiting: list[tuple[G, asyncio.Future[R]]] = []
        self._writing: asyncio.Task[None] | None = None

    async def add(self, one: G) -> R:
        """Durable when this returns its result. Raises as Store.write does, and what `work` raises on it alone."""
        result: asyncio.Future[R] = asyncio.get_running_loop().create_future()
        self._waiting.append((one, result))
        if self._writing is None:
            # in nobody's story: it is of all who come
            self._writing = asyncio.create_task(self._write_all(), context=Context())
        return await result

    async def _write_all(self) -> None:
        try:
            while self._waiting:
                part, self._waiting = self._waiting[:MOST], self._waiting[MOST:]
                # who has stopped waiting before it began is left out
                await self._write([each for each in part if not each[1].done()])
        finally:
            self._writing = None

    async def _write(self, part: Sequence[tuple[G, asyncio.Future[R]]]) -> None:
        if not part:
            return
        wanted = [one for one, _ in part]
        try:
            results = await self._store.write(lambda conn: self._work(conn, wanted))
        except Exception as problem:
            if len(part) > 1 and not isinstance(problem, Unavailable):
                for each in part:  # one that can't be written must not take the others down with it
                    await self._write([each])
                return
            for _, result in part:
                if not result.done():
                    result.set_exception(problem)
            return
        for (_, result), of_it in zip(part, results, strict=True):
            if not result.done():
                result.set_result(of_it)
