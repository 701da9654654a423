"""A newer program has come: the older one leaves in time, and whatever happens it records nothing more."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import pytest
from sqlalchemy import text

from storage import postgres_shift, settings
from storage.postgres_shift import see_off
from storage.schema import REVISION
from storage.store import Outgrown, Store, Unusable
from tests.postgres import Server
from tests.storage.samples import WS


async def put(store: Store, name: str = "name") -> None:
    await store.write(partial(settings.put, ws=WS, name=name, value="value"))


async def bump(store: Store) -> None:
    """What the commit of a newer program's migration leaves behind."""
    await store.write(lambda conn: conn.execute(text("UPDATE docket_version SET version_num = '9999'")))


async def test_an_older_program_records_nothing_after_the_migration(opened: Callable[[], Store]) -> None:
    """Its very next work is refused, whether it was idle or at work; reading goes on until it has stopped."""
    older, newer = opened(), opened()
    await put(older)
    await bump(newer)
    for _ in range(2):
        with pytest.raises(Outgrown, match=r"tables are at 9999, this program knows \d+.*Start the newer one here"):
            await put(older, "late")
    assert older.outgrown is not None
    assert await older.read(lambda conn: settings.get(conn, WS, "late")) is None
    assert await older.read(lambda conn: settings.get(conn, WS, "name")) == "value"


async def test_an_idle_one_notices_by_itself(opened: Callable[[], Store], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("storage.postgres_bell.LOOK_SECONDS", 0.3)
    older, newer = opened(), opened()
    noticed = threading.Event()
    older.subscribe(lambda: noticed.set() if older.outgrown else None)
    await asyncio.sleep(0.1)
    await bump(newer)
    assert await asyncio.to_thread(noticed.wait, 4)


@pytest.fixture
def place(postgres: Server) -> Iterator[str]:
    fresh = postgres.fresh()
    yield fresh
    postgres.drop(fresh)


async def test_on_postgres_the_newer_one_waits_until_the_older_has_left(place: str) -> None:
    """It asks; the older one may still record what it has under way; the migration begins when it is gone."""
    older, newer = await asyncio.to_thread(Store.open, place), await asyncio.to_thread(Store.open, place)
    asked = threading.Event()
    older.subscribe(lambda: asked.set() if older.outgrown else None)
    engine = newer._engine._engine  # type: ignore[attr-defined]
    newer.close()
    await asyncio.sleep(0.1)  # until the older one listens
    seeing_off = asyncio.create_task(asyncio.to_thread(see_off, engine, REVISION, "9999"))
    assert await asyncio.to_thread(asked.wait, 4)
    await put(older)
    assert not seeing_off.done()
    assert "9999" in str(older.outgrown)
    await asyncio.to_thread(older.close)
    await asyncio.wait_for(seeing_off, 4)
    engine.dispose()


async def test_one_that_hangs_is_not_waited_for_for_ever(place: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(postgres_shift, "LEAVING_SECONDS", 0.2)
    older = await asyncio.to_thread(Store.open, place)
    await asyncio.to_thread(see_off, older._engine._engine, REVISION, "9999")  # type: ignore[attr-defined]
    await asyncio.to_thread(older.close)


def test_a_second_bot_on_one_sqlite_file_is_refused_and_commands_are_not(tmp_path: Path) -> None:
    """In words; when the first has gone, the next one is let in."""
    url = f"sqlite:///{tmp_path}/docket.db"
    first, second = Store.open(url), Store.open(url)
    first.reserve()
    with pytest.raises(Unusable, match=r"Another `docketbot run` works on .*docket\.db\. SQLite is for one at a time"):
        second.reserve()
    first.close()
    second.reserve()
    second.close()


def test_any_number_of_bots_may_work_on_postgres(place: str) -> None:
    stores = [Store.open(place), Store.open(place)]
    for store in stores:
        store.reserve()
    for store in stores:
        store.close()
