"""Opening: a new database is made, an old one brought forward, a strange one refused with a sentence."""

from __future__ import annotations

import asyncio
import multiprocessing
import multiprocessing.connection
import multiprocessing.synchronize
import os
import sqlite3
import stat
import tempfile
from collections.abc import Callable
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Connection, create_engine, text

import tests.processes  # noqa: F401 it says what forked processes have imported already
from storage import migrations, schema_doors, schema_proof, settings, upgrade
from storage.schema import REVISION
from storage.schema_parts import metadata
from storage.store import Store, Unavailable, Unusable
from tests.postgres import Server
from tests.storage.samples import WS

FORKS = multiprocessing.get_context("forkserver")


async def test_the_migrations_make_the_tables_of_the_schema(store: Store) -> None:
    """The schemas and the migrations say the same: Alembic finds nothing to add, change or drop."""
    assert schema_doors.heard.metadata is schema_proof.seals.metadata is metadata

    def differences(conn: Connection) -> list[object]:
        context = MigrationContext.configure(conn, opts={"version_table": upgrade.VERSION_TABLE, "compare_type": True})
        return list(compare_metadata(context, metadata))

    assert await store.read(differences) == []


def test_the_migrations_make_the_indexes_of_the_schema(tmp_path: Path) -> None:
    """Down to the conditions of partial indexes, which Alembic does not compare."""
    Store.open(f"sqlite:///{tmp_path / 'migrated.db'}").close()
    engine = create_engine(f"sqlite:///{tmp_path / 'schema.db'}")
    metadata.create_all(engine)
    engine.dispose()

    def made(name: str) -> set[tuple[str, str]]:
        with sqlite3.connect(tmp_path / name) as conn:
            rows = conn.execute(
                "SELECT name, sql FROM sqlite_master WHERE type IN ('table', 'index') AND sql IS NOT NULL"
                " AND tbl_name != ?",
                [upgrade.VERSION_TABLE],
            )
            return {(each, " ".join(sql.split())) for each, sql in rows}

    assert made("migrated.db") == made("schema.db")


def test_every_table_has_its_workspace() -> None:
    """No row belongs to nobody, from the first migration on."""
    assert [table.name for table in metadata.sorted_tables if "workspace" not in table.c] == []


async def test_the_newest_migration_is_the_one_the_program_knows(store: Store) -> None:
    """REVISION, which spares a start from loading Alembic, is Alembic's head."""
    found = sorted(path.stem for path in (Path(migrations.__file__).parent / "versions").glob("m*.py"))
    assert found[-1].startswith(f"m{REVISION}_")
    assert await store.read(upgrade.revision) == REVISION


async def test_opening_again_changes_nothing(opened: Callable[[], Store]) -> None:
    """What was written is there, and the second opening does not migrate."""
    first = opened()
    await first.write(lambda conn: settings.put(conn, WS, "name", "value"))
    assert await opened().read(lambda conn: settings.get(conn, WS, "name")) == "value"


def _open_and_close(url: str, gate: multiprocessing.synchronize.Barrier) -> None:
    gate.wait()
    Store.open(url).close()


def test_processes_that_start_at_once_all_succeed(url: str) -> None:
    """Four processes that find an empty database: one migrates, the others wait for it."""
    gate = FORKS.Barrier(4)
    processes = [FORKS.Process(target=_open_and_close, args=(url, gate)) for _ in range(4)]
    for process in processes:
        process.start()
    for process in processes:
        process.join(60)
    assert [process.exitcode for process in processes] == [0] * 4


async def test_a_migration_that_dies_halfway_leaves_nothing(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """DDL is undone with its transaction on both engines: the next start finds what was there before, and succeeds."""
    from storage.migrations import guards

    whole = dict(guards.STATEMENTS)
    broken = {name: (*statements[:2], "CREATE NONSENSE") for name, statements in whole.items()}
    monkeypatch.setattr(guards, "STATEMENTS", broken)
    with pytest.raises(Exception, match="NONSENSE"):
        Store.open(url)
    monkeypatch.setattr(guards, "STATEMENTS", whole)

    store = Store.open(url)
    await store.write(lambda conn: settings.put(conn, WS, "name", "value"))
    store.close()


async def test_a_newer_database_is_refused(opened: Callable[[], Store]) -> None:
    """An older program says which version it needs, and touches nothing."""
    store = opened()
    await store.write(lambda conn: conn.execute(text("UPDATE docket_version SET version_num = '9999'")))
    with pytest.raises(Unusable, match=r"newer Docket.*9999.*this program knows " + REVISION):
        opened()
    assert await store.read(upgrade.revision) == "9999"


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("", "no database URL"),
        ("docket.db", "no database URL"),
        ("sqlite://", "in memory"),
        ("sqlite:///:memory:", "in memory"),
        ("mysql://u:secret@h/d", "can't keep its data in mysql"),
        ("postgresql+asyncpg://u:secret@h/d", "through psycopg"),
        ("sqlite:////nowhere/at/all/docket.db", "folder /nowhere/at/all of the database does not exist"),
        ("sqlite:////proc/docket.db", "/proc/docket.db can't be opened for writing"),
    ],
)
def test_a_setting_that_can_never_work_is_a_sentence(url: str, said: str) -> None:
    """The sentence says what is wrong, and never repeats a password."""
    with pytest.raises(Unusable) as told:
        Store.open(url)
    assert said in str(told.value)
    assert "secret" not in str(told.value)


def test_a_folder_or_another_file_is_no_database(tmp_path: Path) -> None:
    """A folder, a text file and another program's database are refused, and left as they are."""
    words, others = tmp_path / "words", tmp_path / "others.db"
    words.write_text("This is no database. " * 100)
    with sqlite3.connect(others) as conn:
        conn.execute("CREATE TABLE bookmarks (address)")
    for path, said in ((tmp_path, "is a folder"), (words, "is not a database"), (others, "belongs to another program")):
        with pytest.raises(Unusable, match=said):
            Store.open(f"sqlite:///{path}")
    assert words.read_text().startswith("This is no database.")
    with sqlite3.connect(others) as conn:
        assert conn.execute("SELECT name FROM sqlite_master").fetchall() == [("bookmarks",)]


def _open_as_nobody(url: str, told: multiprocessing.connection.Connection) -> None:
    from storage import sqlite  # while this account still may read the program

    assert sqlite.READERS
    if os.geteuid() == 0:
        os.seteuid(65534)
    try:
        Store.open(url)
    except Unusable as error:
        told.send(str(error))
    told.close()


def test_a_file_that_can_not_be_written_is_refused() -> None:
    """An account that may read the file but not write it is told so."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "docket.db"
        Store.open(f"sqlite:///{path}").close()
        path.chmod(0o444)
        path.parent.chmod(0o755)
        ours, theirs = FORKS.Pipe()
        process = FORKS.Process(target=_open_as_nobody, args=(f"sqlite:///{path}", theirs))
        process.start()
        theirs.close()
        assert ours.recv() == f"{path} can't be opened for writing: Permission denied."
        process.join(10)


def test_a_new_file_is_its_owners_alone(tmp_path: Path) -> None:
    """It holds people's messages: neither group nor others may read it."""
    path = tmp_path / "docket.db"
    Store.open(f"sqlite:///{path}").close()
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_postgresql_that_refuses_us_is_unusable(postgres: Server) -> None:
    """A database or an account that is not there will not come by waiting."""
    for url, said in (
        (postgres.url("nowhere"), 'database "nowhere" does not exist'),
        (postgres.url("postgres").replace("docket@", "stranger:secret@"), 'role "stranger" does not exist'),
    ):
        with pytest.raises(Unusable) as told:
            Store.open(url)
        assert said in str(told.value)
        assert "secret" not in str(told.value)


def test_postgresql_that_is_away_is_worth_another_try() -> None:
    """Nobody answers there now: that may change."""
    with pytest.raises(Unavailable, match="can't be reached"):
        Store.open("postgresql+psycopg://docket:secret@127.0.0.1:1/docket")


def test_a_locked_file_is_worth_another_try(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Another program may let go of it."""
    from storage import sqlite

    monkeypatch.setattr(sqlite, "BUSY_SECONDS", 0.05)
    monkeypatch.setattr(sqlite, "OPENING_BUSY_SECONDS", 0.1)
    path = tmp_path / "docket.db"
    holder = sqlite3.connect(path, isolation_level=None)
    holder.execute("BEGIN EXCLUSIVE")
    with pytest.raises(Unavailable, match="another program holds it"):
        Store.open(f"sqlite:///{path}")
    holder.close()
    Store.open(f"sqlite:///{path}").close()


async def test_sqlite_is_set_as_promised(tmp_path: Path) -> None:
    """Durable at power failure, readers beside the writer, foreign keys checked."""
    store = Store.open(f"sqlite:///{tmp_path / 'docket.db'}")

    def pragmas(conn: Connection) -> list[object]:
        names = ("journal_mode", "synchronous", "foreign_keys")
        return [conn.exec_driver_sql(f"PRAGMA {name}").scalar() for name in names]

    assert await store.write(pragmas) == ["wal", 2, 1]
    await asyncio.to_thread(store.close)
