"""SQLite: one writer thread that commits waiting works together, and readers on connections of their own."""

from __future__ import annotations

import os
import sqlite3
import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any, TypeVar

from sqlalchemy import URL, Connection, Engine, create_engine, event
from sqlalchemy.exc import DBAPIError
from sqlalchemy.pool import NullPool, QueuePool

from storage.failures import Outgrown, Unavailable, Unusable
from storage.sqlite_sole import Sole
from storage.sqlite_writer import Writer
from storage.upgrade import upgrade

T = TypeVar("T")

#: Under Slack's three seconds, so that the person whose click waits for the lock can still be told.
BUSY_SECONDS = 2.0
#: Another Docket may be migrating this very file.
OPENING_BUSY_SECONDS = 60.0
READERS = 4

_SENTENCES = {
    sqlite3.SQLITE_BUSY: "The database is busy: another program holds it.",
    sqlite3.SQLITE_LOCKED: "The database is busy: another program holds it.",
    sqlite3.SQLITE_FULL: "The disk that the database is on is full.",
    sqlite3.SQLITE_IOERR: "The disk that the database is on can't be read or written.",
    sqlite3.SQLITE_CANTOPEN: "The database file can't be opened any more.",
    sqlite3.SQLITE_READONLY: "The database file can't be written.",
    sqlite3.SQLITE_NOMEM: "There is no memory left for the database.",
    sqlite3.SQLITE_PROTOCOL: "The database is busy: another program holds it.",
    sqlite3.SQLITE_CORRUPT: "The database file is damaged.",
    sqlite3.SQLITE_NOTADB: "The database file is damaged.",
}


def unavailable(error: Exception) -> Unavailable | None:
    """The sentence for an error of the database itself; None for any other (a mistake in a statement, a constraint)."""
    code = getattr(error.orig if isinstance(error, DBAPIError) else error, "sqlite_errorcode", None)
    sentence = _SENTENCES.get(code & 0xFF) if code is not None else None  # the low byte is the error's family
    return Unavailable(sentence) if sentence else None


class Sqlite:
    """The engine of one file. Raises Unusable or Unavailable from the constructor, which migrates the file."""

    shared = False

    def __init__(self, url: URL, committed: Callable[[], None], outgrown: Callable[[Outgrown], None]) -> None:
        path = self._path = _path(url)
        self._sole: Sole | None = None
        _prepare(path)
        self._writing = _engine(url, writes=True)
        self._reading = _engine(url, writes=False)
        _open(self._writing, path)
        self._writer = Writer(self._writing, unavailable, committed, outgrown)
        self._readers = ThreadPoolExecutor(READERS, thread_name_prefix="docket-read")

    def reserve(self) -> None:
        """Be the one bot on this file until `close`. Raises Unusable where another one is."""
        self._sole = Sole(self._path)

    def write(self, work: Callable[[Connection], T]) -> Future[T]:
        """Queue `work` for the writer; done when its commit is on the disk."""
        return self._writer.submit(work)

    def read(self, work: Callable[[Connection], T]) -> Future[T]:
        """Run `work` on one snapshot, beside the writer."""
        return self._readers.submit(self._read, work)

    def _read(self, work: Callable[[Connection], T]) -> T:
        try:
            with self._reading.connect() as conn, conn.begin():
                return work(conn)
        except DBAPIError as error:
            raise unavailable(error) or error from error

    def close(self) -> None:
        """Finish what is queued, then let go of the file."""
        self._writer.close()
        self._readers.shutdown(wait=True)
        self._reading.dispose()
        self._writing.dispose()
        if self._sole is not None:
            self._sole.close()


def _path(url: URL) -> str:
    if not url.database or url.database == ":memory:" or url.database.startswith("file:"):
        raise Unusable("A database in memory would forget everything. Name a file: sqlite:///docket.db")
    return url.database


def _prepare(path: str) -> None:
    """Say plainly what SQLite calls "unable to open database file"; create a missing file for its owner alone."""
    directory = os.path.dirname(os.path.abspath(path))
    if not os.path.isdir(directory):
        raise Unusable(f"The folder {directory} of the database does not exist. Create it, or set DOCKET_DATABASE_URL.")
    if os.path.isdir(path):
        raise Unusable(f"{path} is a folder. DOCKET_DATABASE_URL must name a file.")
    try:
        # messages of people are in it: nobody else on this machine reads them unless its owner lets them
        os.close(os.open(path, os.O_RDWR | os.O_CREAT, 0o600))
    except OSError as error:
        raise Unusable(f"{path} can't be opened for writing: {error.strerror}.") from error


def _engine(url: URL, *, writes: bool) -> Engine:
    # Without its parameters an error may be logged: they are people's words.
    args: dict[str, Any] = {
        "connect_args": {"check_same_thread": False, "timeout": BUSY_SECONDS},
        "hide_parameters": True,
    }
    if writes:
        engine = create_engine(url, poolclass=NullPool, **args)
    else:
        engine = create_engine(url, poolclass=QueuePool, pool_size=READERS, max_overflow=0, **args)

    @event.listens_for(engine, "connect")
    def _connected(connection: sqlite3.Connection, _record: object) -> None:
        # Left alone, the driver begins transactions by itself and only before INSERT: a SAVEPOINT would then open
        # nothing and each RELEASE would commit.
        connection.isolation_level = None
        connection.execute("PRAGMA synchronous=FULL")
        connection.execute("PRAGMA foreign_keys=ON")
        if not writes:
            connection.execute("PRAGMA query_only=ON")

    @event.listens_for(engine, "begin")
    def _begun(conn: Connection) -> None:
        conn.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")

    return engine


def _open(engine: Engine, path: str) -> None:
    until = time.monotonic() + OPENING_BUSY_SECONDS
    while True:
        try:
            with engine.connect() as conn:
                # outside a transaction, where alone it can be changed; it stays with the file
                driver = conn.connection.driver_connection
                assert driver is not None
                driver.execute("PRAGMA journal_mode=WAL")
                with conn.begin():
                    upgrade(conn)
            return
        except (DBAPIError, sqlite3.Error) as error:
            problem = _opening_problem(error, path)
            # the change to WAL does not wait for a lock by itself
            if not isinstance(problem, Unavailable) or time.monotonic() > until:
                raise problem from error
            time.sleep(0.05)


def _opening_problem(error: Exception, path: str) -> Exception:
    original = error.orig if isinstance(error, DBAPIError) else error
    code = getattr(original, "sqlite_errorcode", -1) & 0xFF
    if code in (sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_CORRUPT):
        return Unusable(f"{path} is not a database, or a damaged one. Restore a backup, or name another file.")
    if code in (sqlite3.SQLITE_READONLY, sqlite3.SQLITE_CANTOPEN):
        return Unusable(
            f"{path} can't be written. Give the account that runs Docket the right to write it and its folder."
        )
    if code in _SENTENCES:
        return Unavailable(_SENTENCES[code])
    return error
