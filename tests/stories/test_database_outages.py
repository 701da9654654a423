"""A locked or full database: nothing is acknowledged, nothing is lost, people and the operator are told."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import event

from tests.stories.harbor import Harbor, harbor
from tests.stories.waiting import asks, comes, failures, requests, so_many, writes

pytestmark = pytest.mark.usefixtures("hurried")


@asynccontextmanager
async def locked(folder: Path) -> AsyncIterator[None]:
    """Another program holds the database's write lock."""
    other = sqlite3.connect(folder / "docket.db", isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    try:
        yield
    finally:
        other.rollback()
        other.close()


async def test_while_the_database_is_locked_nothing_is_acknowledged_and_a_person_is_told(tmp_path: Path) -> None:
    async with harbor(tmp_path, ack_seconds=0.5, retry_seconds=(0.2,) * 100) as office:
        async with locked(tmp_path):
            await asks(office, 10010)
            await office.town.slack.types("dana", "/docket new refund ORD-10011 $45")
            await office.until(lambda: office.town.slack.whispers("dana"))
            assert "try again" in office.town.slack.words(office.town.slack.whispers("dana")[-1])
            await asyncio.sleep(0.7)
            assert office.town.delivery.busy, "the message is not acknowledged"
        assert await comes(partial(so_many, office, 1))
        await office.calm()
        assert len(await requests(office)) == 1
        (failure,) = await failures(office)
        assert failure.fields["cause"] == "database"


async def test_mail_waits_for_a_locked_database_and_is_taken_once(tmp_path: Path) -> None:
    async with harbor(tmp_path) as office:
        async with locked(tmp_path):
            await writes(office, 10012)
            await asyncio.sleep(0.5)
            assert await requests(office) == []
        assert await comes(partial(so_many, office, 1))


async def test_a_full_database_acknowledges_nothing_and_loses_nothing(tmp_path: Path) -> None:
    async with harbor(tmp_path, ack_seconds=0.5, retry_seconds=(0.2,) * 100) as office:
        async with full(office):
            for number in range(10020, 10024):
                await asks(office, number)
            await writes(office, 10030)
            await asyncio.sleep(0.8)
            assert await requests(office) == []
            assert office.town.delivery.busy
        assert await comes(partial(so_many, office, 5))
        await office.calm()
        assert len(await requests(office)) == 5
        assert [failure.fields["cause"] for failure in await failures(office)] == ["database"]


@asynccontextmanager
async def full(office: Harbor) -> AsyncIterator[None]:
    """The database may not grow by a page, neither on the writer's connection nor on the next ones."""
    engine: Any = office.store._engine._writing  # type: ignore[attr-defined]

    def limit(connection: sqlite3.Connection, _record: object) -> None:
        connection.execute("PRAGMA max_page_count = 1")

    await office.store.write(lambda conn: conn.exec_driver_sql("PRAGMA max_page_count = 1").close())
    event.listen(engine, "connect", limit)
    try:
        yield
    finally:
        event.remove(engine, "connect", limit)
