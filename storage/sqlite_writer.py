"""SQLite's one writer: a thread that runs the waiting works, a savepoint each, and commits them together."""

from __future__ import annotations

import logging
import queue
import sqlite3
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass, field
from typing import Any, TypeVar

from sqlalchemy import Connection, Engine
from sqlalchemy.exc import DBAPIError

from storage import upgrade
from storage.failures import Conflict, Outgrown, Unavailable

T = TypeVar("T")
Work = Callable[[Connection], Any]

#: How many works share a commit at most: the fsync is then a small part of the cost, and nobody waits long.
GROUP = 50
#: How often an idle writer looks whether another process wrote.
LOOK_SECONDS = 0.5
#: How often a work is run when it meets a Conflict.
TRIES = 5

log = logging.getLogger(__name__)


@dataclass(slots=True)
class _Waiting:
    """A work, who waits for it, and what came of it in the group that is being run."""

    work: Work
    future: Future[Any] = field(default_factory=Future)
    result: Any = None
    error: BaseException | None = None

    def answer(self) -> None:
        if self.error is not None:
            self.future.set_exception(self.error)
        else:
            self.future.set_result(self.result)


class _Undone(Exception):
    """A transaction that failed as a whole; `begun`: in its works or its COMMIT, not already at the lock."""

    def __init__(self, problem: Exception, begun: bool) -> None:
        super().__init__(str(problem))
        self.problem = problem
        self.begun = begun


class Writer:
    """`committed` is called from its thread after each commit, ours or another process's, that changed something.

    `outgrown` is called when a newer program has migrated the file; from then on every work meets that exception.
    """

    def __init__(
        self,
        engine: Engine,
        unavailable: Callable[[Exception], Unavailable | None],
        committed: Callable[[], None],
        outgrown: Callable[[Outgrown], None] = lambda _: None,
    ) -> None:
        self._engine = engine
        self._unavailable = unavailable
        self._committed = committed
        self._outgrown = outgrown
        self._checked = 0  # the data_version for which the file was found to be this program's
        self._queue: queue.SimpleQueue[_Waiting | None] = queue.SimpleQueue()
        self._conn: Connection | None = None
        self._data_version = 0
        self._looked_at = 0.0
        self._closing = threading.Lock()
        self._closed = False
        self._thread = threading.Thread(target=self._run, name="docket-write", daemon=True)
        self._thread.start()

    def submit(self, work: Callable[[Connection], T]) -> Future[T]:
        """Queue a work. Its future ends after the outer COMMIT: with its result, its exception, or Unavailable."""
        waiting = _Waiting(work)
        with self._closing:
            if self._closed:
                raise Unavailable("Docket is stopping.")
            self._queue.put(waiting)
        return waiting.future

    def close(self) -> None:
        """Run what is queued, then end the thread."""
        with self._closing:
            if not self._closed:
                self._closed = True
                self._queue.put(None)
        self._thread.join()

    def _run(self) -> None:
        going_on = True
        while going_on:
            group, going_on = self._next_group()
            # whoever has stopped waiting before we began is left out; from here on it can't be called off
            group = [w for w in group if w.future.set_running_or_notify_cancel()]
            if group:
                self._write(group)
            self._look_elsewhere()
        self._forget_connection()

    def _next_group(self) -> tuple[list[_Waiting], bool]:
        group: list[_Waiting] = []
        try:
            waiting = self._queue.get(timeout=LOOK_SECONDS)
            while waiting is not None:
                group.append(waiting)
                if len(group) == GROUP:
                    break
                waiting = self._queue.get_nowait()
            else:
                return group, False
        except queue.Empty:
            pass
        return group, True

    def _write(self, group: list[_Waiting]) -> None:
        """Run and commit the group, and answer everyone in it."""
        try:
            self._together(group)
        except _Undone as undone:
            log.warning("a commit of %d works failed: %s", len(group), undone.problem)
            if undone.begun and len(group) > 1:
                # One work that needs more room than there is must not take the others down with it.
                for waiting in group:
                    self._write([waiting])
                return
            for waiting in group:
                waiting.error = undone.problem
        for waiting in group:
            waiting.answer()

    def _together(self, group: list[_Waiting]) -> None:
        """Raises _Undone when nothing of the group was recorded."""
        begun = False
        try:
            conn = self._connection()
            changes = _driver(conn).total_changes
            with conn.begin():
                begun = True
                self._check(conn)
                for waiting in group:
                    self._one(conn, waiting)
        except Outgrown as problem:
            self._outgrown(problem)
            raise _Undone(problem, False) from problem
        except Exception as error:
            self._forget_connection()
            raise _Undone(self._unavailable(error) or error, begun) from error
        if _driver(conn).total_changes != changes:
            # A claim that found nothing must not wake the courier, whose next claim would wake it again.
            self._committed()

    def _check(self, conn: Connection) -> None:
        """Raises Outgrown. Looks only when another process has written since the last time."""
        driver = _driver(conn)
        if (found := driver.execute("PRAGMA data_version").fetchone()[0]) != self._checked:
            row = driver.execute(upgrade.FOUND).fetchone()
            upgrade.check(row[0] if row else None)
            self._checked = found

    def _one(self, conn: Connection, waiting: _Waiting) -> None:
        """Run one work in its savepoint; raises only what concerns the whole transaction."""
        # straight to the driver: SQLAlchemy's own savepoint costs as much as a sixth of a whole take
        run = _driver(conn).execute
        for tries_left in reversed(range(TRIES)):
            waiting.result, waiting.error = None, None
            run("SAVEPOINT work")
            try:
                waiting.result = waiting.work(conn)
                run("RELEASE work")
            except BaseException as error:
                # After these SQLite has often rolled the whole transaction back by itself, savepoints included.
                if isinstance(error, Exception) and self._unavailable(error) is not None:
                    raise
                run("ROLLBACK TO work")
                run("RELEASE work")
                waiting.error = error
                if isinstance(error, Conflict) and tries_left:
                    continue
            return

    def _connection(self) -> Connection:
        if self._conn is None:
            self._conn = self._engine.connect()
            self._data_version = self._checked = 0  # unknown: whatever happened meanwhile counts as a change
        return self._conn

    def _forget_connection(self) -> None:
        """After a failed disk or a deleted file, the next group starts on a fresh connection."""
        if self._conn is not None:
            conn, self._conn = self._conn, None
            try:
                conn.close()
            except (DBAPIError, sqlite3.Error):
                log.warning("the database connection could not be closed cleanly")

    def _look_elsewhere(self) -> None:
        """Notice what other processes committed: on this connection data_version moves for others' commits alone."""
        if time.monotonic() - self._looked_at < LOOK_SECONDS:
            return
        self._looked_at = time.monotonic()
        try:
            # Straight to the driver: SQLAlchemy would open a transaction around it, and with it take the write lock.
            found: int = _driver(self._connection()).execute("PRAGMA data_version").fetchone()[0]
            if found != self._data_version:
                self._check(self._connection())
        except Outgrown as problem:
            self._outgrown(problem)
            return
        except (DBAPIError, sqlite3.Error):
            self._forget_connection()
            return
        if found != self._data_version:
            self._data_version = found
            self._committed()


def _driver(conn: Connection) -> sqlite3.Connection:
    driver = conn.connection.driver_connection
    assert isinstance(driver, sqlite3.Connection)
    return driver
