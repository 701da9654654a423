"""Wake-ups: a commit is heard at once by its own subscribers and soon by other instances."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable

import pytest

from storage import outbox, settings
from storage.store import Store
from tests.storage.samples import NOW, WS


class Ear:
    """Counts what a store says."""

    def __init__(self, store: Store) -> None:
        self.heard = threading.Event()
        store.subscribe(self.heard.set)

    async def hears(self, seconds: float) -> bool:
        return await asyncio.to_thread(self.heard.wait, seconds)


async def write(store: Store) -> None:
    await store.write(lambda conn: settings.put(conn, WS, "name", "value"))


async def quiet(*ears: Ear) -> None:
    """Wait until what a store says at its start has been said."""
    await asyncio.sleep(0.7)
    for ear in ears:
        ear.heard.clear()


async def test_a_commit_is_heard_by_its_own_house(store: Store) -> None:
    """When a write returns, or very soon after, the subscribers were called."""
    ear = Ear(store)
    await write(store)
    assert await ear.hears(0.2)


async def test_a_commit_is_heard_by_another_instance(opened: Callable[[], Store]) -> None:
    """Another instance hears of it within a second (SQLite looks every half second, PostgreSQL is told)."""
    here, there = opened(), opened()
    ear = Ear(there)
    await quiet(ear)
    await write(here)
    assert await ear.hears(4)  # the fallback looks every five


async def test_nothing_is_heard_when_nothing_was_written(opened: Callable[[], Store]) -> None:
    """Readers, claims that find nothing, and writes that failed wake nobody (a courier would wake itself for ever)."""
    here, there = opened(), opened()
    ears = [Ear(here), Ear(there)]
    await quiet(*ears)
    await here.read(lambda conn: settings.get(conn, WS, "name"))
    with pytest.raises(ZeroDivisionError):
        await here.write(lambda conn: 1 // 0)
    await here.write(lambda conn: outbox.claim(conn, NOW, 30, 10))
    assert not await ears[1].hears(0.7)
    assert not ears[0].heard.is_set()


async def test_a_subscriber_that_fails_stops_nothing(store: Store) -> None:
    """Its exception is logged; the write is answered and the next subscriber called."""

    def fails() -> None:
        raise ZeroDivisionError

    store.subscribe(fails)
    ear = Ear(store)
    await write(store)
    await write(store)
    assert await ear.hears(0.2)
