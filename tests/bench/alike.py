"""The same rows: what one whole take leaves behind, taken out of the database once, for peers to write again."""

from __future__ import annotations

import asyncio
import itertools
import queue
import sqlite3
import threading
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import Any

import psycopg
from sqlalchemy import Table, create_engine, insert, select, text
from sqlalchemy.engine import URL, Connection, make_url
from sqlalchemy.ext.asyncio import async_sessionmaker, create_async_engine
from sqlalchemy.orm import registry

from storage import schema
from storage.rendered import Rendered
from storage.store import Store
from tests.bench.desk import take_number

#: The take that is copied has this number in its ids, so that it is found again in every value.
MARK = 918273645
KEY = "REF-1"
#: In the order in which foreign keys and guards let them in.
TABLES: tuple[Table, ...] = (
    schema.inbox, schema.ledger_texts, schema.ledger, schema.items, schema.exceptions, schema.timers, schema.threads,
    schema.outbox,
)  # fmt: skip
Rows = list[tuple[Table, dict[str, Any]]]
_numbers = itertools.count(2)
_COUNT = "UPDATE counters SET last = last + 1 WHERE prefix = 'REF'"


async def rows_of_a_take(folder: Path) -> Rows:
    """Take one request in a database of its own and read what it left."""
    store = Store.open(f"sqlite:///{folder}/one-take.db")
    await take_number(store, MARK)

    def read(conn: Connection) -> Rows:
        return [
            (table, {name: value for name, value in row._mapping.items() if name != "n" or table is not schema.outbox})
            for table in TABLES
            for row in conn.execute(select(table))
        ]

    rows = await store.read(read)
    store.close()
    assert {table for table, _ in rows} > {schema.ledger, schema.items, schema.outbox}
    return rows


def copies(rows: Rows) -> Iterator[Rows]:
    """The rows of one take after another."""
    for n in _numbers:

        def other(name: str, value: Any, n: int = n) -> Any:
            if name == "id":
                return f"{n:012d}-{value}"  # two notices of a take have two
            return value.replace(KEY, f"REF-{n}").replace(str(MARK), str(n)) if isinstance(value, str) else value

        yield [(table, {name: other(name, value) for name, value in row.items()}) for table, row in rows]


class Literal:
    """The rows as ready statements with ready parameters: nothing is left to do but to run them."""

    def __init__(self, rows: Rows, conn: Connection) -> None:
        self._made = {(table, tuple(row)): Rendered(insert(table), list(row))._for(conn) for table, row in rows}
        self._copies = copies(rows)
        self._lock = threading.Lock()

    def next(self) -> list[tuple[str, Any]]:
        """The statements of one take."""
        with self._lock:
            rows = next(self._copies)
        made = ((self._made[table, tuple(row)], row) for table, row in rows)
        return [(text.sql, text.bound(row)) for text, row in made]


class RawSqlite:
    """One thread, the sqlite3 module, waiting transactions committed together, a savepoint each."""

    def __init__(self, path: Path, rows: Rows, group: int) -> None:
        Store.open(f"sqlite:///{path}").close()
        engine = create_engine(f"sqlite:///{path}")
        with engine.connect() as conn:
            self._rows = Literal(rows, conn)
        engine.dispose()
        self._path, self._group = path, group
        self._queue: queue.SimpleQueue[Any] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._run)
        self._thread.start()

    async def take(self) -> None:
        future: Future[None] = Future()
        self._queue.put((self._rows.next(), future))
        await asyncio.wrap_future(future)

    def close(self) -> None:
        self._queue.put(None)
        self._thread.join()

    def _run(self) -> None:
        conn = sqlite3.connect(self._path, isolation_level=None)
        conn.execute("PRAGMA synchronous=FULL")
        conn.execute("PRAGMA foreign_keys=ON")
        conn.execute("INSERT INTO counters VALUES ('main', 'REF', 1)")
        waiting = self._queue.get()
        while waiting is not None:
            group = [waiting]
            while len(group) < self._group and not self._queue.empty() and (more := self._queue.get()) is not None:
                group.append(more)
            problem: Exception | None = None
            try:
                conn.execute("BEGIN IMMEDIATE")
                for statements, _ in group:
                    conn.execute("SAVEPOINT one")
                    conn.execute(_COUNT)
                    for sql, given in statements:
                        conn.execute(sql, given)
                    conn.execute("RELEASE one")
                conn.execute("COMMIT")
            except sqlite3.Error as error:
                problem = error
                conn.execute("ROLLBACK")
            for _, future in group:
                future.set_exception(problem) if problem else future.set_result(None)
            waiting = self._queue.get()
        conn.close()


class RawPsycopg:
    """psycopg in threads, a connection each, statement by statement, a commit each."""

    def __init__(self, url: str, rows: Rows, threads: int) -> None:
        Store.open(url).close()
        engine = create_engine(url)
        with engine.begin() as conn:
            self._rows = Literal(rows, conn)
            conn.exec_driver_sql("INSERT INTO counters VALUES ('main', 'REF', 1)")
        engine.dispose()
        self._url = _plain(make_url(url))
        self._here = threading.local()
        self._pool = ThreadPoolExecutor(threads)

    async def take(self) -> None:
        await asyncio.get_running_loop().run_in_executor(self._pool, self._one)

    def _one(self) -> None:
        conn = getattr(self._here, "conn", None)
        if conn is None:
            conn = self._here.conn = psycopg.connect(self._url)
        with conn.transaction():
            cursor = conn.cursor()
            for sql, given in self._rows.next():
                cursor.execute(sql, given)
            # Last, because its lock holds up everybody else.
            cursor.execute(_COUNT)

    def close(self) -> None:
        self._pool.shutdown()


class AsyncOrm:
    """SQLAlchemy's own async ORM: an object for each row, one session and commit for each take."""

    def __init__(self, url: str, rows: Rows, connections: int) -> None:
        Store.open(url).close()
        parsed = make_url(url)
        postgres = parsed.get_backend_name() == "postgresql"
        with create_engine(url).begin() as conn:
            conn.exec_driver_sql("INSERT INTO counters VALUES ('main', 'REF', 1)")
        driver = parsed.set(drivername="postgresql+asyncpg" if postgres else "sqlite+aiosqlite")
        size = {"pool_size": connections, "max_overflow": 0}
        self._engine = create_async_engine(driver, **size)
        self._session = async_sessionmaker(self._engine, expire_on_commit=False)
        made = registry(metadata=schema.metadata)
        self._kinds = {table: type(table.name, (), {}) for table in TABLES}
        for table, kind in self._kinds.items():
            made.map_imperatively(kind, table)
        self._copies = copies(rows)

    async def take(self) -> None:
        async with self._session() as session:
            tables: dict[Table, list[Any]] = {}
            for table, row in next(self._copies):
                made = self._kinds[table]()
                for name, value in row.items():
                    setattr(made, name, value)
                tables.setdefault(table, []).append(made)
            for these in tables.values():  # in the order that the guards ask for, which it can't know
                session.add_all(these)
                await session.flush()
            await session.execute(text(_COUNT))
            await session.commit()

    async def close(self) -> None:
        await self._engine.dispose()


def _plain(url: URL) -> str:
    return url.set(drivername="postgresql").render_as_string(hide_password=False)
