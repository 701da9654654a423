"""Leases: one instance at a time has it, it ends by itself, and no clock that was put back keeps it."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from datetime import datetime, timedelta

from sqlalchemy import Connection, text

from storage import leases
from storage.store import Store
from tests.storage.samples import NOW, WS

SECONDS = 20.0


class Turning:
    """Time that is turned by hand on both engines: on PostgreSQL, whose clock can't be, by turning the leases back."""

    def __init__(self, store: Store) -> None:
        self.store, self.now = store, NOW

    async def passes(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)

        def work(conn: Connection) -> None:
            if conn.dialect.name == "postgresql":
                turned = "UPDATE leases SET until = until - make_interval(secs => CAST(:by AS double precision))"
                conn.execute(text(turned), {"by": seconds})

        await self.store.write(work)


async def takes(store: Store, who: str, now: datetime = NOW, name: str = "inbox:refunds") -> bool:
    return await store.write(lambda conn: leases.take(conn, WS, name, who, now, SECONDS))


async def gives_back(store: Store, who: str, name: str = "inbox:refunds") -> None:
    await store.write(lambda conn: leases.give_back(conn, WS, name, who))


async def test_one_has_it_and_may_have_it_longer(store: Store) -> None:
    """Until its seconds are over nobody else gets it; whoever renews in time keeps it for ever."""
    time = Turning(store)
    assert await takes(store, "one")
    for _ in range(3):
        assert not await takes(store, "two", time.now)
        await time.passes(15)
        assert await takes(store, "one", time.now)
    await time.passes(19)
    assert not await takes(store, "two", time.now)
    await time.passes(2)
    assert await takes(store, "two", time.now), "its holder is dead"
    assert not await takes(store, "one", time.now), "and comes too late"


async def test_each_name_is_a_lease_of_its_own(store: Store) -> None:
    assert await takes(store, "one")
    assert await takes(store, "two", name="inbox:concerns")
    assert not await takes(store, "two")


async def test_what_is_given_back_is_free_at_once(store: Store) -> None:
    """And only who has it can give it back."""
    assert await takes(store, "one")
    await gives_back(store, "two")
    assert not await takes(store, "two")
    await gives_back(store, "one")
    assert await takes(store, "two")


async def test_a_clock_that_was_put_back_does_not_keep_it_for_hours(store: Store) -> None:
    time = Turning(store)
    assert await takes(store, "dead")
    await time.passes(-3600)
    assert await takes(store, "two", time.now)


async def test_of_many_at_once_one_gets_it(opened: Callable[[], Store]) -> None:
    """Several instances come in the same moment, again and again."""
    stores = [opened(), opened(), opened()]
    for n in range(10):
        got = await asyncio.gather(*(takes(store, str(id(store)), name=f"digest {n}") for store in stores * 3))
        assert sum(got) == 3, "the one that has it renewed it"


async def test_renewing_wakes_no_other_instance(opened: Callable[[], Store]) -> None:
    """It happens every few seconds in each instance, and there is nothing to do because of it."""
    here, there = opened(), opened()
    heard = threading.Event()
    there.subscribe(heard.set)
    await asyncio.sleep(0.7)
    heard.clear()
    await takes(here, "one")
    is_postgres = await here.read(lambda conn: conn.dialect.name == "postgresql")
    if is_postgres:
        assert not await asyncio.to_thread(heard.wait, 0.5)
