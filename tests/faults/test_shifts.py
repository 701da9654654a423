"""One instance after the other: a stop under load, a second bot on one file, and a newer program that takes over."""

from __future__ import annotations

import asyncio
import signal
import sqlite3
import time
from pathlib import Path
from typing import Any

from sqlalchemy import text

from bot.demo import example
from bot.sandbox.clock import HandClock
from bot.sandbox.town import Town
from rules.book.load import load
from tests.faults.office import office
from tests.postgres import Server
from tests.processes import docketbot


async def test_a_stop_under_load_ends_in_time_and_hands_everything_back(tmp_path: Path, postgres: Server) -> None:
    """SIGTERM while requests, mails and answers are under way; the next one goes on at once, and nothing is doubled."""
    async with office(tmp_path, deadly=False, url=postgres.fresh(), size=1) as place:
        async with place.living():
            pass
        (first,) = place.lives
        for n in range(8):
            await place.asks(f"ORD-{10100 + n}", f", $4{n}, it came broken")
            await place.writes(f"ORD-{40130 + n}", f", $3{n}")
        async with asyncio.timeout(20):  # it is in the midst of them: before that it may not even have begun
            while not await place.store.read(taken):  # type: ignore[union-attr]
                await asyncio.sleep(0.01)
        began = time.monotonic()
        first.signal(signal.SIGTERM)
        assert await first.ends() == 0, first.said
        assert time.monotonic() - began < 10
        assert await place.store.read(handed_back) == (0, 0)  # type: ignore[union-attr]
        assert "Traceback" not in first.said
        place.lives.clear()
        began = time.monotonic()
        place.begin()
        await place.calm()
        assert await place.account()
        await place.sound()


def taken(conn: Any) -> int:
    """How many items there are."""
    return int(conn.execute(text("SELECT count(*) FROM items")).scalar())


def handed_back(conn: Any) -> tuple[int, int]:
    """How many duties and how many notices a stopped bot still holds."""
    duties = conn.execute(text("SELECT count(*) FROM leases")).scalar()
    claims = conn.execute(text("SELECT count(*) FROM outbox WHERE state = 'waiting' AND lease_until IS NOT NULL"))
    return duties, claims.scalar()


async def test_a_second_bot_on_a_file_is_refused_and_a_newer_one_makes_the_first_stop(tmp_path: Path) -> None:
    """Both in words and with exit code 2; after the newer one has migrated, the older one takes nothing more."""
    (tmp_path / "rulebook.yml").write_text(example())
    clock = HandClock()
    async with Town(load(example()), clock, retry_seconds=(0.1,) * 5) as town:
        settings = town.environment | {"DOCKET_LOG": "text"}
        older = docketbot("run", environment=settings, folder=tmp_path)
        await town.slack.until(lambda: town.slack.connected, seconds=20)
        second = docketbot("run", environment=settings, folder=tmp_path)
        assert await second.ends() == 2
        assert "Another `docketbot run` works on docket.db." in second.said
        with sqlite3.connect(tmp_path / "docket.db") as conn:
            conn.execute("UPDATE docket_version SET version_num = '9999'")
        await town.slack.says("dana", "#refunds", "Please refund ORD-48213, $45")
        assert await older.ends(10) == 2
        assert "A newer Docket has taken over this database (its tables are at 9999" in older.said
        assert "Traceback" not in older.said
        with sqlite3.connect(tmp_path / "docket.db") as conn:
            assert conn.execute("SELECT count(*) FROM items WHERE workflow = 'refund'").fetchone() == (0,)
