"""Intake a second on SQLite and PostgreSQL: whole takes beside bare writers of the same rows."""

from __future__ import annotations

import tempfile
from pathlib import Path

from storage.postgres import WRITERS
from storage.sqlite_writer import GROUP
from storage.store import Store
from tests.bench.alike import AsyncOrm, RawPsycopg, RawSqlite, rows_of_a_take
from tests.bench.desk import take_of_the_desk
from tests.bench.measure import Row, Size, side_by_side
from tests.postgres import Server

OURS = "whole takes, real desk and rules"
ORM = "SQLAlchemy async ORM, the same rows"


async def on_sqlite(size: Size) -> Row:
    """synchronous=FULL, 32 callers, whole takes against the same rows."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        rows = await rows_of_a_take(folder)
        store = Store.open(f"sqlite:///{folder}/ours.db")
        grouped, single = RawSqlite(folder / "raw.db", rows, GROUP), RawSqlite(folder / "single.db", rows, 1)
        orm = AsyncOrm(f"sqlite:///{folder}/orm.db", rows, 1)
        row = Row(
            work="intake, SQLite FULL, 32 callers", unit="a second", ours=OURS,
            aims={"raw sqlite3, grouped, the same rows": 0.35, ORM: 2},
        )  # fmt: skip
        takes = {
            OURS: take_of_the_desk(store),
            "raw sqlite3, grouped, the same rows": grouped.take,
            "raw sqlite3, a commit each": single.take,
            ORM: orm.take,
        }
        await side_by_side(row, takes, size)
        await orm.close()
        grouped.close()
        single.close()
        store.close()
        return row


async def on_postgres(size: Size, server: Server) -> Row:
    """Default durability, 32 callers, as many connections for each as our store has writers."""
    with tempfile.TemporaryDirectory() as name:
        rows = await rows_of_a_take(Path(name))
        store = Store.open(server.fresh())
        raw, orm = RawPsycopg(server.fresh(), rows, WRITERS), AsyncOrm(server.fresh(), rows, WRITERS)
        peer = "raw psycopg in threads, the same rows"
        row = Row(work="intake, PostgreSQL, 32 callers", unit="a second", ours=OURS, aims={peer: 0.5})
        await side_by_side(row, {OURS: take_of_the_desk(store), peer: raw.take, ORM: orm.take}, size)
        await orm.close()
        raw.close()
        store.close()
        return row
