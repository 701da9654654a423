"""Timers: an item's due times are exactly what was synced, found in order, and fired by one instance."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import datetime

from sqlalchemy import Connection

from rules.ruling import Timer
from storage import timers
from storage.store import Store
from tests.storage.samples import HOUR, NOW, WS


def timer(kind: str, due_at: datetime, subject: str = "") -> Timer:
    return Timer(kind=kind, subject=subject, due_at=due_at)


async def sync(store: Store, key: str, *wanted: Timer) -> None:
    await store.write(lambda conn: timers.sync(conn, WS, key, wanted))


async def due(store: Store, now: datetime, limit: int = 10) -> list[tuple[str, str, str]]:
    found = await store.read(lambda conn: timers.due(conn, now, limit))
    return [(each.item, each.kind, each.subject) for each in found]


async def test_an_item_has_exactly_the_timers_that_were_synced(store: Store) -> None:
    """What is no longer wanted goes, what is new comes, what stays is not touched; other items keep theirs."""
    await sync(store, "REF-1", timer("deadline", NOW), timer("decide", NOW, "OVER_LIMIT"))
    await sync(store, "REF-2", timer("deadline", NOW))
    await sync(store, "REF-1", timer("decide", NOW, "OVER_LIMIT"), timer("stale", NOW + HOUR))

    assert await due(store, NOW + HOUR) == [
        ("REF-1", "decide", "OVER_LIMIT"),
        ("REF-2", "deadline", ""),
        ("REF-1", "stale", ""),
    ]
    await sync(store, "REF-1")
    assert await due(store, NOW + HOUR) == [("REF-2", "deadline", "")]


async def test_due_is_what_time_has_reached(store: Store) -> None:
    """Oldest first, up to the limit, and nothing that is still to come; the next one is known."""
    assert await store.read(timers.next_due) is None
    await sync(store, "REF-1", *(timer(f"step {n}", NOW + n * HOUR) for n in range(5)))

    assert [kind for _, kind, _ in await due(store, NOW + 2 * HOUR)] == ["step 0", "step 1", "step 2"]
    assert [kind for _, kind, _ in await due(store, NOW + 2 * HOUR, limit=2)] == ["step 0", "step 1"]
    assert await store.read(timers.next_due) == NOW


async def test_one_instance_fires_a_timer(opened: Callable[[], Store]) -> None:
    """Eight takes of one due timer through two instances: one gets hold of it, and it is gone with its effect."""
    stores = [opened(), opened()]
    await sync(stores[0], "REF-1", timer("deadline", NOW), timer("stale", NOW + HOUR))
    (found,) = await stores[0].read(lambda conn: timers.due(conn, NOW, 10))

    def fire(conn: Connection) -> bool:
        if not timers.hold(conn, found):
            return False
        timers.sync(conn, WS, "REF-1", [timer("stale", NOW + HOUR)])
        return True

    fired = await asyncio.gather(*(stores[n % 2].write(fire) for n in range(8)))
    assert sorted(fired) == [False] * 7 + [True]
    assert await stores[1].read(timers.next_due) == NOW + HOUR


async def test_a_timer_whose_effect_failed_is_still_due(store: Store) -> None:
    """The row goes in the transaction of its effect: no effect, and it fires again."""
    await sync(store, "REF-1", timer("deadline", NOW))
    (found,) = await store.read(lambda conn: timers.due(conn, NOW, 10))

    def fails(conn: Connection) -> None:
        assert timers.hold(conn, found)
        timers.drop(conn, found)
        raise KeyError

    results = await asyncio.gather(store.write(fails), return_exceptions=True)
    assert isinstance(results[0], KeyError)
    assert await due(store, NOW) == [("REF-1", "deadline", "")]


async def test_a_timer_nobody_needs_can_be_dropped(store: Store) -> None:
    """One that has no item any more is deleted by itself, and only it."""
    await sync(store, "REF-1", timer("deadline", NOW), timer("deadline", NOW + HOUR))
    (found,) = await store.read(lambda conn: timers.due(conn, NOW, 10))
    await store.write(lambda conn: timers.drop(conn, found))
    assert await store.read(timers.next_due) == NOW + HOUR
