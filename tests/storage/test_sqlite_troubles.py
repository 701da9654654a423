"""SQLite's bad days: a full disk, a lock that another program holds, commits that fail as a group."""

from __future__ import annotations

import asyncio
import sqlite3
import subprocess
import threading
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import pytest
from sqlalchemy import Connection, Engine, event, make_url
from sqlalchemy.exc import OperationalError

from storage import inbox, ledger, sqlite
from storage.sqlite_writer import GROUP, Writer
from storage.store import Store, Unavailable
from tests.storage.samples import NOW, WS, entry, record

SMALL, HUGE = b"x" * 100, b"x" * 4_000_000


def keeping(name: str, raw: bytes = SMALL) -> Callable[[Connection], bool]:
    return lambda conn: inbox.count(conn, WS, name, NOW, "mail", "Mailed", raw)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "docket.db"
    Store.open(f"sqlite:///{path}").close()
    return path


class Commits:
    """Counts what each COMMIT of an engine records, and fails the ones it is told to as a dying disk does."""

    def __init__(self, engine: Engine) -> None:
        self.groups: list[int] = []
        self.failing = 0
        self._works = 0
        event.listen(engine, "before_cursor_execute", self._statement)
        event.listen(engine, "commit", self._commit)

    def _statement(self, _conn: Connection, _cursor: object, statement: str, *_rest: object) -> None:
        self._works += statement.startswith("INSERT INTO inbox")

    def _commit(self, _conn: Connection) -> None:
        works, self._works = self._works, 0
        self.groups.append(works)
        if self.failing:
            self.failing -= 1
            error = sqlite3.OperationalError("disk I/O error")
            error.sqlite_errorcode = sqlite3.SQLITE_IOERR_FSYNC
            raise OperationalError("COMMIT", {}, error)


def all_at_once(writer: Writer, works: Sequence[Callable[[Connection], bool]]) -> list[object]:
    """Let the works line up behind one that is under way, so that they share commits; their results or exceptions."""
    under_way, lined_up = threading.Event(), threading.Event()

    def hold_up(_conn: Connection) -> None:
        under_way.set()
        lined_up.wait(5)

    writer.submit(hold_up)
    under_way.wait(5)
    futures = [writer.submit(work) for work in works]
    lined_up.set()
    return [future.exception(10) or future.result(10) for future in futures]


@pytest.fixture
def small_disk(path: Path) -> Iterator[Writer]:
    """A writer whose database may grow by about 400 kB: SQLite then says what it says on a full disk."""
    engine = sqlite._engine(make_url(f"sqlite:///{path}"), writes=True)

    @event.listens_for(engine, "connect")
    def _limit(connection: sqlite3.Connection, _record: object) -> None:
        pages = connection.execute("PRAGMA page_count").fetchone()[0]
        connection.execute(f"PRAGMA max_page_count={pages + 100}")

    writer = Writer(engine, sqlite.unavailable, lambda: None)
    yield writer
    writer.close()


@pytest.fixture
def small_mount(tmp_path: Path) -> Iterator[Path]:
    """A file system of 3 MB with 1 MB of ballast; only root can have one mounted."""
    folder = tmp_path / "small"
    folder.mkdir()
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=3m", "docket-test", folder], check=False)
    if mounted.returncode != 0:
        pytest.skip("this account may not mount a small disk; the limit on pages above is tested anyway")
    (folder / "ballast").write_bytes(b"x" * 1_000_000)
    yield folder
    subprocess.run(["umount", "--lazy", folder], check=True)


def test_what_needs_too_much_room_does_not_take_the_others_down(small_disk: Writer, path: Path) -> None:
    """A huge message in a group meets the full disk; it alone hears so, the rest of the group is recorded."""
    results = all_at_once(small_disk, [keeping("one"), keeping("huge", HUGE), keeping("two")])

    assert (results[0], results[2]) == (True, True)
    assert isinstance(results[1], Unavailable)
    assert "full" in str(results[1])
    assert kept(path) == ["one", "two"]


def kept(path: Path) -> list[str]:
    with sqlite3.connect(path) as conn:
        assert conn.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        return [name for (name,) in conn.execute("SELECT outside_id FROM inbox ORDER BY outside_id")]


def test_nobody_is_answered_before_the_commit(path: Path) -> None:
    """When a group's COMMIT fails, each of its works is run again alone; one that fails again hears it, and only it."""
    engine = sqlite._engine(make_url(f"sqlite:///{path}"), writes=True)
    commits = Commits(engine)
    writer = Writer(engine, sqlite.unavailable, lambda: None)
    runs: list[str] = []

    def working(name: str) -> Callable[[Connection], bool]:
        def work(conn: Connection) -> bool:
            if name == "0":
                commits.failing = 2 if runs.count("0") == 0 else commits.failing
            runs.append(name)
            return keeping(name)(conn)

        return work

    failed, *others = all_at_once(writer, [working(str(n)) for n in range(4)])

    assert isinstance(failed, Unavailable)
    assert str(failed) == "The disk that the database is on can't be read or written."
    assert others == [True] * 3
    assert commits.groups == [0, 4, 1, 1, 1, 1]
    assert runs == ["0", "1", "2", "3", "0", "1", "2", "3"]
    assert kept(path) == ["1", "2", "3"]
    writer.close()


def test_waiting_works_share_their_commits(path: Path) -> None:
    """120 works that wait behind one are committed in three groups, none above the limit, in their order."""
    engine = sqlite._engine(make_url(f"sqlite:///{path}"), writes=True)
    commits = Commits(engine)
    writer = Writer(engine, sqlite.unavailable, lambda: None)
    assert all_at_once(writer, [keeping(f"{n:03}") for n in range(120)]) == [True] * 120
    writer.close()

    assert commits.groups == [0, GROUP, GROUP, 20]
    assert kept(path) == [f"{n:03}" for n in range(120)]


async def test_a_lock_of_another_program_is_a_sentence_and_passes(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """While another program holds the file, writes say so and readers go on; when it lets go, writes go on."""
    monkeypatch.setattr(sqlite, "BUSY_SECONDS", 0.05)
    store = Store.open(f"sqlite:///{path}")
    await store.write(keeping("before"))
    holder = sqlite3.connect(path, isolation_level=None)
    holder.execute("BEGIN IMMEDIATE")

    results = await asyncio.gather(*(store.write(keeping(f"n{n}")) for n in range(3)), return_exceptions=True)
    assert [str(result) for result in results] == ["The database is busy: another program holds it."] * 3
    assert await store.read(lambda conn: inbox.raw(conn, WS, "before")) == SMALL

    holder.execute("ROLLBACK")
    holder.close()
    assert await store.write(keeping("after")) is True
    store.close()


async def test_a_full_disk_is_heard_and_nothing_breaks(small_mount: Path) -> None:
    """On a real full file system: small takes go on as long as they fit, and the ledger verifies after it was full."""
    store = Store.open(f"sqlite:///{small_mount / 'docket.db'}")
    await store.write(lambda conn: record(conn, "REF-1", entry(kind="opened")))
    answered = 0
    said = ""
    while not said:
        try:
            await store.write(keeping(f"n{answered:04}", b"x" * 20_000))
            answered += 1
        except Unavailable as problem:
            said = str(problem)
    assert said == "The disk that the database is on is full."
    assert answered > 3

    (small_mount / "ballast").unlink()
    assert await store.write(lambda conn: record(conn, "REF-1", entry())) is not None
    assert await store.read(lambda conn: ledger.check_chain(conn, WS)) == []
    await asyncio.to_thread(store.close)
    assert len(kept(small_mount / "docket.db")) == answered
