"""Duties: several instances agree on who does what, and what one leaves behind another takes up."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

import pytest

import bot.duties
from bot.duties import Duties
from storage.store import Store
from tests.postgres import Server


@pytest.fixture
def url(postgres: Server) -> Iterator[str]:
    fresh = postgres.fresh()
    yield fresh
    postgres.drop(fresh)


class Instance:
    """One instance's duties and the clock that tells it when its leases are over."""

    def __init__(self, url: str) -> None:
        self.store = Store.open(url)
        self.seconds = 0.0
        self.duties = Duties(self.store, "main", lambda: datetime.now(UTC), lambda: self.seconds)
        self.inbox = self.duties.want("inbox:refunds")
        self.homes = self.duties.want("homes")


@pytest.fixture
def three(url: str) -> Iterator[list[Instance]]:
    instances = [Instance(url) for _ in range(3)]
    yield instances
    for instance in instances:
        with suppress(Exception):
            instance.store.close()


async def look(*instances: Instance) -> list[int]:
    """Each looks once; who reads the inbox then."""
    for instance in instances:
        await instance.duties.look()
    return [n for n, instance in enumerate(instances) if instance.inbox()]


async def test_one_of_three_has_a_duty_and_keeps_it(three: list[Instance]) -> None:
    assert await look(*three) == [0]
    assert await look(*reversed(three)) == [2], "the same one, seen from the other end"


async def test_what_a_stopped_one_gave_back_is_taken_up_at_the_next_look(three: list[Instance]) -> None:
    await look(*three)
    told: list[str] = []
    three[1].duties.subscribe(lambda: told.append("something to do"))
    await three[0].duties.close()
    assert await look(*three[1:]) == [0]
    assert told == ["something to do"]
    assert not three[0].inbox()


async def test_what_a_dead_one_had_is_taken_over(three: list[Instance], monkeypatch: pytest.MonkeyPatch) -> None:
    """After its lease, and no sooner: together with the others' looks that is within 30 seconds."""
    assert bot.duties.LEASE_SECONDS + bot.duties.LOOK_SECONDS <= 30
    monkeypatch.setattr(bot.duties, "LEASE_SECONDS", 0.5)
    assert await look(*three) == [0]
    assert await look(*three[1:]) == []
    await asyncio.sleep(0.6)
    assert await look(*three[1:]) == [0]


async def test_one_that_can_not_reach_the_database_ceases_by_itself(three: list[Instance]) -> None:
    """Another has taken over by then, and two must not read one inbox."""
    await look(*three)
    three[0].store.close()
    three[0].seconds = 19
    await three[0].duties.look()
    assert three[0].inbox()
    three[0].seconds = 20
    assert not three[0].inbox()


async def test_some_things_are_done_one_after_the_other(three: list[Instance], monkeypatch: pytest.MonkeyPatch) -> None:
    """What was missed in Slack is read by one at a time; who waits comes as soon as the other is done or dead."""
    monkeypatch.setattr(bot.duties, "LOOK_SECONDS", 0.05)
    stop, at_work, most, done = asyncio.Event(), 0, 0, 0
    running = [asyncio.create_task(instance.duties.run(stop)) for instance in three]

    async def work(instance: Instance) -> None:
        nonlocal at_work, most, done
        async with instance.duties.alone("slack history"):
            at_work += 1
            most = max(most, at_work)
            await asyncio.sleep(0.02)
            at_work -= 1
            done += 1

    await asyncio.wait_for(asyncio.gather(*map(work, three)), 8)
    stop.set()
    await asyncio.gather(*running)
    assert (most, done) == (1, 3)


async def test_a_single_instance_has_every_duty_and_asks_nobody(tmp_path: Path) -> None:
    only = Instance(f"sqlite:///{tmp_path}/docket.db")
    assert only.inbox()
    async with only.duties.alone("slack history"):
        pass
    await only.duties.run(asyncio.Event())
    await only.duties.close()
    only.store.close()
