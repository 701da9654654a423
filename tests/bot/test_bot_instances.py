"""What an instance leaves to the others, what it must not send, and by which clock they all live."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import Connection, func, select

import bot.clock
from bot.clock import DatabaseClock, wall_clock
from bot.homes import Homes
from bot.leases import LEASE
from bot.outages import Outages
from bot.sandbox.clock import HandClock
from bot.silence import Silence
from storage import ledger, outbox
from storage.schema import inbox
from storage.store import Store
from tests.bot.house import MORNING, House, house
from tests.bot.test_bot_homes import DANA, LEE, Tabs, Turns
from tests.bot.test_bot_silence import Watched, said
from tests.postgres import Server

REFUND = "Please refund ORD-48213, 10 USD, it came broken"


# What it leaves to others


async def test_home_tabs_are_kept_fresh_by_one_and_drawn_by_whom_they_were_opened_with(tmp_path: Path) -> None:
    async with house(tmp_path) as office:
        tabs, ours = Tabs(), [False]
        homes = Homes(
            office.store, office.books, tabs, office.clock, Outages(office.desk, office.clock), Turns(),
            ours=lambda: ours[0],
        )  # fmt: skip
        await homes.opened(LEE)
        await homes.look()
        await homes.opened(DANA)
        await homes.look()
        assert tabs.order == [LEE, DANA]
        await office.says("slack:U0RITA", "Please refund ORD-48213, I was charged $450 twice")
        await homes.look()
        assert tabs.order == [LEE, DANA], "another instance keeps them fresh"
        ours[0] = True
        await homes.look()
        assert sorted(tabs.order[2:]) == sorted([LEE, DANA]), "which has died"


async def test_who_does_not_read_an_inbox_does_not_call_it_silent(tmp_path: Path) -> None:
    """Not while another reads it, and not for the time before it took over."""
    async with house(tmp_path) as office:
        now, ours = [0.0], [False]
        silence = Silence(
            office.store, "main", [Watched()], Outages(office.desk, office.clock), office.clock,
            monotonic=lambda: now[0], ours=lambda _: ours[0],
        )  # fmt: skip

        async def passes(minutes: int) -> list[str]:
            for _ in range(minutes):
                now[0] += 60
                await silence.look()
            return await said(office)

        assert await passes(30) == []
        ours[0] = True
        assert await passes(10) == []
        assert len(await passes(2)) == 1
        ours[0] = False
        assert len(await passes(1)) == 1
        ours[0] = True
        assert len(await passes(30)) == 1, "it is the same exception"


# What it must not send


async def test_an_instance_that_was_stopped_for_minutes_sends_nothing_that_another_may_have(tmp_path: Path) -> None:
    """A suspended machine wakes in mid-send: its lease is over, and somebody else may be sending it."""
    async with house(tmp_path) as office:
        waiting, going_on = asyncio.Event(), asyncio.Event()
        begun = office.courier._receipts.begun

        async def suspended(claims: object) -> object:
            answer = await begun(claims)  # type: ignore[arg-type]
            waiting.set()
            await going_on.wait()
            return answer

        office.courier._receipts.begun = suspended  # type: ignore[method-assign,assignment]
        await office.says("slack:U0RITA", REFUND)
        office.courier.wake()
        await asyncio.wait_for(waiting.wait(), 5)
        office.clock.push(LEASE)
        office.courier._receipts.begun = begun  # type: ignore[method-assign]
        going_on.set()
        await office.calm()
        assert office.slack.looked == [office.slack.sent[0].outbox_id], "whoever claims it then looks first"
        assert len(office.slack.said("C0REFUNDS")) == 1


# By which clock


#: What time does once; how many reminders there are depends on when the first one came.
ONCE = ("opened", "asked", "late", "escalated", "raised")


class Turned(HandClock):
    """A clock that somebody sets wrong, and right again."""

    def turn(self, by: timedelta) -> None:
        self._pushed += by
        for listener in tuple(self._listeners):
            listener()


async def test_a_clock_that_jumps_by_an_hour_and_back_fires_nothing_twice(
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    """Both ways, again and again: escalations and digests are in the end those of an undisturbed day."""
    disturbed = await a_day(tmp_path_factory.mktemp("disturbed"), jumps=True)
    assert disturbed == await a_day(tmp_path_factory.mktemp("undisturbed"), jumps=False)
    assert disturbed["digests"]


async def a_day(folder: Path, *, jumps: bool) -> dict[str, int]:
    """From ten in the morning to nine on the next one, an hour at a time; what was done and told."""
    clock = Turned(MORNING, running=False)
    async with house(folder, clock=clock) as office:
        await office.says("slack:U0RITA", REFUND)
        await office.types("slack:U0DANA", "new", workflow="refund", words="ORD-50001 900 USD twice")
        for step in range(23):
            await office.pushes(hours=1)
            if jumps and step % 5 == 1:
                for hours in (1, -1, -1, 1):
                    clock.turn(timedelta(hours=hours))
                    await office.knock.look()
                    await office.calm()
        return await told(office)


async def told(office: House) -> dict[str, int]:
    """How many digests were made, and how often what comes once in an item's life is in the ledger."""

    def work(conn: Connection) -> dict[str, int]:
        digests = select(func.count()).where(inbox.c.kind == "Digest")
        entries = Counter(recorded.entry.kind for recorded in ledger.every(conn, "main"))
        return {"digests": conn.execute(digests).scalar_one(), **{kind: entries[kind] for kind in ONCE}}

    return await office.store.read(work)


@pytest.fixture
def url(postgres: Server) -> Iterator[str]:
    fresh = postgres.fresh()
    yield fresh
    postgres.drop(fresh)


async def test_instances_on_one_postgres_live_by_its_clock_whatever_their_machines_say(
    url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An hour too late, an hour too early, or set right in mid-flight: all agree within a moment."""
    real, seconds = datetime.now, [1000.0]
    store = Store.open(url)
    for wrong in (timedelta(hours=1), timedelta(hours=-1)):
        monkeypatch.setattr(bot.clock, "wall_clock", lambda wrong=wrong: wall_clock() + wrong)
        clock = DatabaseClock(store, lambda: seconds[0])
        await clock.look()
        told = clock()
        assert abs((told - real(told.tzinfo)).total_seconds()) < 5
        seconds[0] += 60
        assert clock() - told == timedelta(seconds=60), "it goes on by a clock that nobody turns"
    await asyncio.to_thread(store.close)
    await clock.look()
    assert clock() - told == timedelta(seconds=60), "also while the database is away"


async def test_a_restarted_bot_on_sqlite_goes_on_at_once_with_what_the_dead_one_had_claimed(tmp_path: Path) -> None:
    """No other bot can be at work on the file, so nobody waits for the dead one's leases."""
    async with house(tmp_path) as office:
        office.stop.set()
        await office.running
        await office.says("slack:U0RITA", REFUND)
        dead = await office.store.write(lambda conn: outbox.claim(conn, MORNING, 120, 10))
        assert dead
        assert await office.store.write(lambda conn: outbox.claim(conn, MORNING, 120, 10)) == []
        await office.store.write(outbox.free)
        again = await office.store.write(lambda conn: outbox.claim(conn, MORNING, 120, 10))
        assert [claim.id for claim in again] == [claim.id for claim in dead]
