"""When the record is sealed: each hour by the bot's clock, before each digest, and not where nothing is new."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from pathlib import Path

import pytest

from bot.sealing import Sealing
from storage import seals
from storage.seals import Seal
from storage.store import Unavailable
from tests.bot.house import House, house

REFUND = "Please refund ORD-48213, I was charged $450 twice"


async def newest(office: House) -> Seal | None:
    return await office.store.read(lambda conn: seals.newest(conn, "main"))


async def test_the_record_is_sealed_every_hour_by_the_bots_clock(tmp_path: Path) -> None:
    """At the start and after each hour in which something happened; a clock that was put back stops nothing."""
    async with house(tmp_path) as office:
        sealing, stop = Sealing(office.store, "main", office.clock), asyncio.Event()
        running = asyncio.create_task(sealing.run(stop))

        async def after(minutes: float) -> int:
            office.clock.push(timedelta(minutes=minutes))
            sealing.wake()
            for _ in range(20):
                await asyncio.sleep(0.005)
            found = await newest(office)
            return found.n if found else 0

        assert await after(0) == 1, "the rulebook's load is an entry"
        await office.says("slack:U0RITA", REFUND)
        assert [await after(59), await after(2), await after(61)] == [1, 2, 2]
        await office.types("slack:U0DANA", "ack", "REF-1")
        sealing.ours = lambda: False
        assert await after(61) == 2
        sealing.ours = lambda: True
        assert await after(0) == 3
        stop.set()
        await running


async def test_what_happened_up_to_a_digest_is_under_the_seal_that_it_names(tmp_path: Path) -> None:
    async with house(tmp_path) as office:
        await office.knock.look()
        first = await newest(office)
        await office.says("slack:U0RITA", REFUND)
        await office.pushes(days=1)
        second = await newest(office)
        assert first is not None
        assert second is not None
        assert second.n == first.n + 1
        digest = next(said for said in office.slack.said("U0MARIA") if "Maria's digest" in said)
        assert f"seal {second.short}" in digest


async def test_where_the_database_can_not_be_had_the_next_hour_will_do(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing that waits for a seal is held up by it."""
    async with house(tmp_path) as office:
        sealing = Sealing(office.store, "main", office.clock)

        async def away(_: object) -> object:
            raise Unavailable("The database is busy.")

        with monkeypatch.context() as patch:
            patch.setattr(office.store, "write", away)
            assert await sealing.seal() == 0
            await sealing.before_digest()
        assert await sealing.seal() == 1
