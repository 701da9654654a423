"""Small writes share a transaction: nobody waits for company, and one that fails takes nobody down with it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from pathlib import Path

import pytest
from sqlalchemy import Connection

from bot.gathering import MOST, Gathering
from storage import threads
from storage.store import Store, Unavailable

WS = "main"


class Ink:
    """Binds each word to itself, and remembers what came together."""

    def __init__(self, store: Store) -> None:
        self.store = store
        self.together: list[list[str]] = []
        self.gathering = Gathering(store, self._write)
        self.unavailable = 0

    def _write(self, conn: Connection, words: Sequence[str]) -> list[str]:
        self.together.append(list(words))
        if self.unavailable:
            self.unavailable -= 1
            raise Unavailable("The database is busy.")
        threads.bind(conn, WS, {word: word for word in words})
        if "bad" in words:
            raise ValueError("bad")
        return [word.upper() for word in words]

    async def known(self, *words: str) -> set[str]:
        return set(await self.store.read(lambda conn: threads.known(conn, WS, words)))


@pytest.fixture
async def ink(tmp_path: Path) -> AsyncIterator[Ink]:
    store = Store.open(f"sqlite:///{tmp_path / 'docket.db'}")
    yield Ink(store)
    store.close()


async def test_what_comes_alone_goes_at_once_and_what_comes_meanwhile_goes_together(ink: Ink) -> None:
    """Each hears its own result, when it is durable."""
    first = asyncio.create_task(ink.gathering.add("a"))
    while not ink.together:
        await asyncio.sleep(0)
    assert await asyncio.gather(*map(ink.gathering.add, ("b", "c"))) == ["B", "C"]
    assert await first == "A"
    assert ink.together == [["a"], ["b", "c"]]
    assert await ink.known("a", "b", "c") == {"a", "b", "c"}


async def test_a_bad_one_takes_nobody_down_with_it(ink: Ink) -> None:
    """The others of its transaction are written each by itself."""
    found = await asyncio.gather(*map(ink.gathering.add, ("a", "bad", "c")), return_exceptions=True)
    assert (found[0], found[2]) == ("A", "C")
    assert isinstance(found[1], ValueError)
    assert await ink.known("a", "bad", "c") == {"a", "c"}


async def test_all_hear_of_a_database_that_is_away_and_may_come_again(ink: Ink) -> None:
    """It is asked once for all of them, not by each in turn."""
    ink.unavailable = 1
    found = await asyncio.gather(*map(ink.gathering.add, ("a", "b")), return_exceptions=True)
    assert all(isinstance(each, Unavailable) for each in found)
    assert len(ink.together) == 1
    assert await ink.gathering.add("a") == "A"


async def test_who_stopped_waiting_before_it_began_is_left_out(ink: Ink) -> None:
    """And whoever stops while it is written disturbs nobody."""
    first, second = (asyncio.create_task(ink.gathering.add(word)) for word in "ab")
    await asyncio.sleep(0)
    first.cancel()
    assert await second == "B"
    assert ink.together == [["b"]]


async def test_a_crowd_goes_in_helpings(ink: Ink) -> None:
    """The first does not wait for the last."""
    words = [f"w{n}" for n in range(MOST + 1)]
    assert await asyncio.gather(*map(ink.gathering.add, words)) == [word.upper() for word in words]
    assert [len(each) for each in ink.together] == [MOST, 1]
