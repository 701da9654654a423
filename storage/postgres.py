"""PostgreSQL: a pool of threads, a connection each, works run again on a conflict, and wake-ups between instances."""

from __future__ import annotations

import random
import re
import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any, TypeVar

import psycopg
from sqlalchemy import URL, Connection, create_engine, event
from sqlalchemy.exc import DBAPIError, OperationalError

from storage.columns import UNHEARD
from storage.failures import Conflict, Outgrown, Unavailable, Unusable
from storage.postgres_bell import Bell
from storage.postgres_shift import see_off
from storage.schema import REVISION
from storage.upgrade import FOUND, check, older, upgrade

T = TypeVar("T")

WRITERS = 8
READERS = 4
#: How often a work is run when others keep changing the same rows first; the pauses between grow to 0.2 seconds.
TRIES = 12
CONNECT_SECONDS = 5
#: An instance that hangs in a transaction lets go of its locks after this.
HANGING_SECONDS = 60

#: Errors that mean "the same again may well succeed": a conflict of transactions, or a row that another one made first.
_AGAIN = {"40001", "40P01", "23505"}
#: What `connect` is told when trying again can't help. libpq gives these without their SQLSTATE.
_NEVER = re.compile(
    r'password authentication failed|no password supplied|no pg_hba.conf entry|role ".*" does not exist'
    r'|database ".*" does not exist|permission denied for database|certificate|does not support SSL'
)


class Postgres:
    """The engine of one server. Raises Unusable or Unavailable from the constructor, which migrates the database."""

    shared = True

    def __init__(self, url: URL, committed: Callable[[], None], outgrown: Callable[[Outgrown], None]) -> None:
        if url.drivername not in ("postgresql", "postgresql+psycopg"):
            raise Unusable("Docket speaks to PostgreSQL through psycopg: DOCKET_DATABASE_URL=postgresql+psycopg://...")
        options = f"-c idle_in_transaction_session_timeout={HANGING_SECONDS}s"
        self._engine = create_engine(
            url.set(drivername="postgresql+psycopg"),
            pool_size=WRITERS + READERS,
            max_overflow=0,
            hide_parameters=True,  # they are people's words, and errors end in logs
            connect_args={"connect_timeout": CONNECT_SECONDS, "application_name": "docket", "options": options},
        )
        event.listen(self._engine, "after_cursor_execute", _note_change)
        # one snapshot for all of a reader's questions, and no way to write
        self._reading = self._engine.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)
        self._committed, self._outgrown = committed, outgrown
        self._open()
        self._writers = ThreadPoolExecutor(WRITERS, thread_name_prefix="docket-write")
        self._readers = ThreadPoolExecutor(READERS, thread_name_prefix="docket-read")
        self._bell = Bell(self._engine, committed, outgrown)

    def _open(self) -> None:
        try:
            with self._engine.begin() as conn:
                found = older(conn)
            if found is not None:
                see_off(self._engine, found, REVISION)
            with self._engine.begin() as conn:
                upgrade(conn)
        except DBAPIError as error:
            self._engine.dispose()
            said = str(error.orig)
            if (
                isinstance(error, OperationalError)
                and getattr(error.orig, "sqlstate", None) is None
                and _NEVER.search(said)
            ):
                reason = said.rsplit("FATAL:", 1)[-1].strip().splitlines()[0]
                raise Unusable(f"PostgreSQL does not let Docket in: {reason}. Look at DOCKET_DATABASE_URL.") from error
            raise unavailable(error) or error from error
        except BaseException:
            self._engine.dispose()
            raise

    def reserve(self) -> None:
        """Any number of bots may work here."""

    def write(self, work: Callable[[Connection], T]) -> Future[T]:
        """Run `work` in a transaction of its own; done when its commit is."""
        return _submit(self._writers, self._write, work)

    def read(self, work: Callable[[Connection], T]) -> Future[T]:
        """Run `work` on one snapshot."""
        return _submit(self._readers, self._read, work)

    def _write(self, work: Callable[[Connection], T]) -> T:
        for tries_left in reversed(range(TRIES)):
            try:
                return self._once(work)
            except (Conflict, DBAPIError) as error:
                if not tries_left or not _worth_another(error):
                    raise (unavailable(error) if isinstance(error, DBAPIError) else None) or error from error
                # each of those who met here waits another while, so that they do not meet again
                time.sleep(random.uniform(0, min(0.2, 0.005 * 2 ** (TRIES - tries_left))))  # noqa: S311 not a secret
        raise AssertionError("the last try returns or raises")

    def _once(self, work: Callable[[Connection], T]) -> T:
        with self._engine.connect() as conn:
            conn.info.pop(_CHANGED, None)
            transaction = conn.begin()
            try:
                check(conn.exec_driver_sql(FOUND).scalar())
                result = work(conn)
            except Outgrown as problem:
                transaction.rollback()
                self._outgrown(problem)
                raise
            except BaseException:
                transaction.rollback()
                raise
            try:
                transaction.commit()
            except DBAPIError as error:
                if error.connection_invalidated:
                    # Whether it was recorded nobody knows, so it is not run again here: its source will ask again,
                    # and outside ids make that harmless.
                    raise Unavailable(_GONE) from error
                raise
            # A claim that found nothing must not wake the courier, whose next claim would wake it again.
            changed = conn.info.pop(_CHANGED, False)
        if changed:
            self._committed()
            self._bell.ring()
        return result

    def _read(self, work: Callable[[Connection], T]) -> T:
        for last in (False, True):
            try:
                with self._reading.connect() as conn, conn.begin():
                    return work(conn)
            except DBAPIError as error:
                if last or not error.connection_invalidated:
                    raise unavailable(error) or error from error
        raise AssertionError("the last try returns or raises")

    def close(self) -> None:
        """Finish what is queued, then disconnect."""
        self._writers.shutdown(wait=True)
        self._readers.shutdown(wait=True)
        self._bell.close()
        self._engine.dispose()


_CHANGED = "changed"


def _note_change(
    conn: Connection, cursor: psycopg.Cursor[object], _text: str, _given: object, context: Any, _many: bool
) -> None:
    """Remember on the connection that a statement of this transaction changed rows which somebody waits for."""
    if cursor.rowcount > 0 and not (cursor.statusmessage or "").startswith("SELECT"):
        if context is not None and UNHEARD.keys() <= context.execution_options.keys():
            return
        conn.info[_CHANGED] = True


_GONE = "The database can't be reached."


def unavailable(error: DBAPIError) -> Unavailable | None:
    """The sentence for an error of the server or the way to it; None for a mistake in a statement, a constraint."""
    if not isinstance(error.orig, psycopg.OperationalError) and not error.connection_invalidated:
        # a standby after a failover refuses writes with an InternalError
        read_only = getattr(error.orig, "sqlstate", None) == "25006"
        return Unavailable("The database takes no writes at the moment.") if read_only else None
    state = getattr(error.orig, "sqlstate", None) or ""
    if state == "53100":
        return Unavailable("The disk that the database is on is full.")
    if state.startswith(("53", "40", "55")):
        return Unavailable("The database is busy.")
    return Unavailable(_GONE)


def _worth_another(error: Conflict | DBAPIError) -> bool:
    if isinstance(error, Conflict):
        return True
    # A dropped connection was found out by using it: the pool throws away all of its like, the next one is new.
    return error.connection_invalidated or getattr(error.orig, "sqlstate", None) in _AGAIN


def _submit(
    pool: ThreadPoolExecutor, run: Callable[[Callable[[Connection], T]], T], work: Callable[[Connection], T]
) -> Future[T]:
    try:
        return pool.submit(run, work)
    except RuntimeError as error:  # the pool was shut down
        raise Unavailable("Docket is stopping.") from error
