"""The one door to the database: transactions as functions, run in the storage's own threads."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from concurrent.futures import Future
from contextvars import copy_context
from typing import Protocol, TypeVar

from sqlalchemy import Connection, make_url
from sqlalchemy.exc import ArgumentError

from storage.failures import Conflict, Outgrown, Unavailable, Unusable

__all__ = ["Conflict", "Outgrown", "Store", "Unavailable", "Unusable"]

T = TypeVar("T")

log = logging.getLogger(__name__)


class _Engine(Protocol):
    """What Sqlite and Postgres both are. `shared`: several instances may work on such a database."""

    shared: bool

    def write(self, work: Callable[[Connection], T]) -> Future[T]: ...
    def read(self, work: Callable[[Connection], T]) -> Future[T]: ...
    def reserve(self) -> None: ...
    def close(self) -> None: ...


class Store:
    """An open database. Its works get a SQLAlchemy Connection inside a transaction, which they must not end."""

    def __init__(self, engine: Callable[[Callable[[], None], Callable[[Outgrown], None]], _Engine]) -> None:
        self._callbacks: list[Callable[[], None]] = []
        #: Why this program has to stop, once a newer one works on this database; subscribers are called then, too.
        self.outgrown: Outgrown | None = None
        self._engine = engine(self._committed, self._ended)
        #: Whether other instances may be at work on this database.
        self.shared = self._engine.shared

    @classmethod
    def open(cls, url: str) -> Store:
        """Open `sqlite:///file` or `postgresql+psycopg://...` and bring it forward to this program's tables.

        Raises Unusable (no such folder, no database, a newer one, wrong password) and Unavailable (unreachable,
        locked or full at this moment: worth another try). It may block: call it in a thread or before the loop.
        """
        try:
            parsed = make_url(url)
        except (ArgumentError, ValueError) as error:
            # without the text: there may be a password in it
            raise Unusable("DOCKET_DATABASE_URL is no database URL. Example: sqlite:///docket.db") from error
        # Either engine is loaded only when it is used; the other's driver costs start time.
        match parsed.get_backend_name():
            case "sqlite":
                from storage.sqlite import Sqlite

                return cls(lambda committed, outgrown: Sqlite(parsed, committed, outgrown))
            case "postgresql":
                from storage.postgres import Postgres

                return cls(lambda committed, outgrown: Postgres(parsed, committed, outgrown))
            case other:
                raise Unusable(
                    f"Docket can't keep its data in {other}. Use sqlite:///docket.db or postgresql+psycopg://..."
                )

    async def write(self, work: Callable[[Connection], T]) -> T:
        """Run `work` in one transaction; durable when this returns.

        `work` may be run more than once (a conflict, a commit that failed as a group), so it must do nothing but read
        and write through its connection. Its own exceptions undo it and come out here; Unavailable when the
        database is locked, full or unreachable, and then nothing was recorded.
        """
        return await asyncio.wrap_future(self._engine.write(_here(work)))

    async def read(self, work: Callable[[Connection], T]) -> T:
        """Run `work` on one snapshot of the database, which it can't change; Unavailable as in `write`."""
        return await asyncio.wrap_future(self._engine.read(_here(work)))

    def reserve(self) -> None:
        """This process is the bot itself. Raises Unusable on a database that takes one bot and has another."""
        self._engine.reserve()

    def subscribe(self, callback: Callable[[], None]) -> None:
        """Call `callback` after each commit that changed something, here or in another process.

        It is called from any thread, so it must be cheap, and sometimes although nothing was changed.
        """
        self._callbacks.append(callback)

    def _committed(self) -> None:
        for callback in tuple(self._callbacks):
            try:
                callback()
            except Exception:  # a listener's mistake must not stop the writer
                log.exception("a subscriber of the store failed")

    def _ended(self, why: Outgrown) -> None:
        if self.outgrown is None:
            log.error("%s", why)
        self.outgrown = why
        self._committed()

    def close(self) -> None:
        """Finish what is under way and queued, and let go of the database."""
        self._engine.close()


def _here(work: Callable[[Connection], T]) -> Callable[[Connection], T]:
    """The work as a part of what goes on here, whichever thread runs it: its lines in the log tell the same story."""
    context = copy_context()
    return lambda conn: context.run(work, conn)
