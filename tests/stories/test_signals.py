"""`docketbot run` as a process: SIGTERM ends it cleanly under load, SIGHUP loads the rulebook again."""

from __future__ import annotations

import asyncio
import signal
import sqlite3
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import select

from bot.demo import example
from bot.sandbox.clock import HandClock
from bot.sandbox.faults import Fault
from bot.sandbox.town import Town
from rules.book.load import load
from rules.items import Item
from storage import items, ledger
from storage.schema import outbox
from storage.store import Store
from tests.processes import Process, docketbot

REQUEST = "Please refund ORD-{:05d}, $45, it came broken"


@asynccontextmanager
async def running(folder: Path) -> AsyncIterator[tuple[Town, Process]]:
    """A town by the wall's clock and the bot as a process in it."""
    (folder / "rulebook.yml").write_text(example())
    async with Town(load(example()), HandClock(), ack_seconds=1.0, retry_seconds=(0.2,) * 100) as town:
        process = docketbot("run", environment=town.environment, folder=folder)
        try:
            await process.says("running: Slack")
            yield town, process
        finally:
            if process.alive:
                await process.killed()


async def rows(folder: Path) -> list[Any]:
    """What stands in the outbox."""
    store = Store.open(f"sqlite:///{folder}/docket.db")
    try:
        return await store.read(lambda conn: list(conn.execute(select(outbox))))
    finally:
        store.close()


async def every_item(folder: Path) -> list[Item]:
    store = Store.open(f"sqlite:///{folder}/docket.db")
    try:
        return await store.read(
            lambda conn: items.listing(conn, "main", state_open=False, include_docket=True, limit=10_000)
        )
    finally:
        store.close()


async def test_sigterm_under_load_ends_within_ten_seconds_and_hands_its_claims_back(tmp_path: Path) -> None:
    """Slack hangs, a hundred messages come in: what is acknowledged is there, the rest comes again to the next bot."""
    async with running(tmp_path) as (town, process):
        town.faults.order("chat.postMessage", Fault(kind="hang"), times=1000)
        for number in range(100):
            await town.slack.says("dana", "#refunds", REQUEST.format(11000 + 37 * number))
        await asyncio.sleep(0.3)
        began = time.monotonic()
        process.signal(signal.SIGTERM)
        assert await process.ends() == 0, process.said
        assert time.monotonic() - began < 10
        assert "Traceback" not in process.said
        assert all(row.lease_until is None for row in await rows(tmp_path)), "claims are handed back"
        town.faults._orders.clear()
        docketbot_again = docketbot("run", environment=town.environment, folder=tmp_path)
        await docketbot_again.says("running: Slack")
        async with asyncio.timeout(20):
            await town.slack.settled()
        docketbot_again.signal(signal.SIGTERM)
        assert await docketbot_again.ends() == 0, docketbot_again.said
        found = await every_item(tmp_path)
        assert len(found) == 100
        assert len({item.text for item in found}) == 100


async def test_sigint_ends_it_as_well(tmp_path: Path) -> None:
    async with running(tmp_path) as (_, process):
        process.signal(signal.SIGINT)
        assert await process.ends() == 0, process.said


async def test_sighup_puts_a_good_rulebook_in_force_and_refuses_a_bad_one(tmp_path: Path) -> None:
    """A refused one leaves the old in force and is one exception of the operator, which the next good one ends."""
    async with running(tmp_path) as (town, process):
        book = tmp_path / "rulebook.yml"
        book.write_text(example().replace("organization: Harbor Supply", "organization: Harbor Supply Ltd"))
        process.signal(signal.SIGHUP)
        await process.says("is in force")
        book.write_text(example().replace("backup: lee", "backup: leee"))
        for _ in range(2):
            process.signal(signal.SIGHUP)
            await process.says("the old one stays in force")
        await town.slack.until(lambda: "rulebook" in town.slack.words((town.slack.inbox("sam") or [None])[-1]), 10)
        await town.slack.says("dana", "#refunds", REQUEST.format(12000))
        await town.slack.settled()
        (failure,) = [item for item in await every_item(tmp_path) if item.workflow == "docket"]
        assert failure.fields["cause"] == "rulebook"
        assert failure.closed_at is None
        book.write_text(example())
        process.signal(signal.SIGHUP)
        async with asyncio.timeout(10):
            while [item for item in await every_item(tmp_path) if item.workflow == "docket" and not item.closed_at]:
                await asyncio.sleep(0.05)
        process.signal(signal.SIGTERM)
        assert await process.ends() == 0, process.said
        assert [item.key for item in await every_item(tmp_path) if item.workflow == "refund"] == ["REF-1"]
        store = Store.open(f"sqlite:///{tmp_path}/docket.db")
        loads = await store.read(lambda conn: ledger.of_item(conn, "main", ""))
        store.close()
        assert [one.entry.facts["organization"] for one in loads] == [
            "Harbor Supply", "Harbor Supply Ltd", "Harbor Supply",
        ]  # fmt: skip


async def test_a_database_that_is_locked_at_the_start_is_waited_for_and_told_of(tmp_path: Path) -> None:
    (tmp_path / "rulebook.yml").write_text(example())
    Store.open(f"sqlite:///{tmp_path}/docket.db").close()
    other = sqlite3.connect(tmp_path / "docket.db", isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    async with Town(load(example()), HandClock()) as town:
        process = docketbot("run", environment=town.environment, folder=tmp_path)
        await asyncio.sleep(1.5)
        assert process.alive, process.said
        other.rollback()
        other.close()
        await process.says("running: Slack")
        process.signal(signal.SIGTERM)
        assert await process.ends() == 0, process.said
    (failure,) = await every_item(tmp_path)
    assert failure.fields["cause"] == "database"
