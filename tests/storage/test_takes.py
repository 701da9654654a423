"""Transactions: counted once, numbered without gaps, run again on a conflict, undone whole when they fail."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import Connection

from storage import inbox, items, ledger, settings, threads
from storage.store import Conflict, Store, Unavailable
from tests.storage.samples import NOW, WS, entry, item, record

Opened = Callable[[], Store]


def putting(name: str) -> Callable[[Connection], None]:
    """A work that leaves its name behind."""
    return lambda conn: settings.put(conn, WS, name, "here")


async def test_a_happening_counts_once_however_many_bring_it(opened: Opened) -> None:
    """32 takes of the same outside id through two instances: one counts it, all others hear that it was counted."""
    stores = [opened(), opened()]

    def take(conn: Connection) -> bool:
        return inbox.count(conn, WS, "slack:T1:C1:1700.1", NOW, "slack", "Posted", b"{}")

    counted = await asyncio.gather(*(stores[n % 2].write(take) for n in range(32)))

    assert sorted(counted) == [False] * 31 + [True]


async def test_numbers_have_neither_gaps_nor_twins(opened: Opened) -> None:
    """Items of one workflow are numbered one after another, also through two instances and past a take that fails."""
    stores = [opened(), opened()]

    def fails(conn: Connection) -> int:
        items.next_number(conn, WS, "REF")
        raise KeyError("a mistake in a rule")

    works: list[Callable[[Connection], int]] = [lambda conn: items.next_number(conn, WS, "REF")] * 20
    works[7] = works[13] = fails
    results = await asyncio.gather(*(stores[n % 2].write(work) for n, work in enumerate(works)), return_exceptions=True)

    assert sorted(r for r in results if isinstance(r, int)) == list(range(1, 19))
    assert [type(r) for r in results if not isinstance(r, int)] == [KeyError, KeyError]


async def test_a_failed_work_undoes_itself_alone(store: Store) -> None:
    """A work that raises leaves nothing behind; those that were committed with it stand."""

    def bad(conn: Connection) -> None:
        settings.put(conn, WS, "bad", "here")
        raise ZeroDivisionError

    results = await asyncio.gather(
        store.write(putting("one")), store.write(bad), store.write(putting("two")), return_exceptions=True
    )

    assert [type(r) for r in results] == [type(None), ZeroDivisionError, type(None)]
    found = await store.read(lambda conn: [settings.get(conn, WS, name) for name in ("one", "bad", "two")])
    assert found == ["here", None, "here"]


async def test_nobody_loses_an_update(opened: Opened) -> None:
    """24 takes that change one item through two instances all end up in it: a conflict is taken again."""
    stores = [opened(), opened()]
    await stores[0].write(lambda conn: record(conn, "REF-1", entry(kind="opened")))

    def change(conn: Connection) -> None:
        record(conn, "REF-1", entry(kind="attached"))

    await asyncio.gather(*(stores[n % 2].write(change) for n in range(24)))

    changed = await stores[0].read(lambda conn: items.load(conn, WS, "REF-1"))
    assert changed is not None
    assert changed.version == 25
    assert await stores[1].read(lambda conn: ledger.check_chain(conn, WS)) == []


async def test_a_conflict_runs_the_work_again_and_in_the_end_gives_up(store: Store) -> None:
    """A work that met a conflict is run again on what then stands; one that always does ends with Conflict."""
    await store.write(lambda conn: items.save(conn, item(version=3), 0))
    seen: list[int] = []

    def mends_itself(conn: Connection) -> str:
        seen.append(1)
        items.save(conn, item(version=4), expected_version=2 if len(seen) < 3 else 3)
        return "saved"

    def never(conn: Connection) -> None:
        items.save(conn, item(version=9), expected_version=8)

    assert await store.write(mends_itself) == "saved"
    assert len(seen) == 3
    with pytest.raises(Conflict):
        await store.write(never)


async def test_a_new_item_never_overwrites_one(store: Store) -> None:
    """Saving as new what is there already is a conflict, not a replacement."""
    await store.write(lambda conn: items.save(conn, item(title="the first"), 0))
    with pytest.raises(Conflict):
        await store.write(lambda conn: items.save(conn, item(title="the second"), 0))
    kept = await store.read(lambda conn: items.load(conn, WS, "REF-1"))
    assert kept is not None
    assert kept.title == "the first"


async def test_an_entry_number_is_given_once(store: Store) -> None:
    """Appending behind an entry that is no longer the newest is a conflict."""
    await store.write(lambda conn: record(conn, "REF-1", entry(), entry()))

    def stale(texts: dict[str, Any]) -> Callable[[Connection], str]:
        return lambda conn: ledger.append(conn, WS, [entry(texts=texts)], head="", version=1)

    for texts in ({}, {"value": "x"}):
        with pytest.raises(Conflict):
            await store.write(stale(texts))


async def test_a_thread_gets_one_item(opened: Opened) -> None:
    """Of two instances that take two messages of one new thread at once, the second finds the first one's item."""
    stores = [opened(), opened()]

    def take(conn: Connection) -> str:
        key = threads.find(conn, WS, ["slack:C1:1700.1"])
        if key is None:
            key = f"REF-{items.next_number(conn, WS, 'REF')}"
            threads.bind(conn, WS, {"slack:C1:1700.1": key})
        return key

    assert set(await asyncio.gather(*(stores[n % 2].write(take) for n in range(8)))) == {"REF-1"}


async def test_a_failure_of_the_bot_gets_one_item(opened: Opened) -> None:
    """Two instances that meet the same trouble at once open one item for it."""
    stores = [opened(), opened()]

    def take(conn: Connection) -> str:
        known = items.failure(conn, WS, "smtp")
        if known is None:
            known = item(
                f"BOT-{items.next_number(conn, WS, 'BOT')}", workflow="docket", fields={"cause": "smtp"}, version=1
            )
            items.save(conn, known, 0)
        return known.key

    assert set(await asyncio.gather(*(stores[n % 2].write(take) for n in range(8)))) == {"BOT-1"}


async def test_a_reader_can_not_write(store: Store) -> None:
    """What is called a read changes nothing, whatever it tries."""
    with pytest.raises(Unavailable):
        await store.read(lambda conn: settings.put(conn, WS, "name", "value"))
    assert await store.read(lambda conn: settings.get(conn, WS, "name")) is None


async def test_a_reader_sees_one_moment(store: Store) -> None:
    """What is committed while a reader is at work stays out of its sight: its answers belong together."""
    loop = asyncio.get_running_loop()

    def read(conn: Connection) -> tuple[str | None, str | None]:
        before = settings.get(conn, WS, "name")
        asyncio.run_coroutine_threadsafe(store.write(lambda c: settings.put(c, WS, "name", "new")), loop).result(5)
        return before, settings.get(conn, WS, "name")

    assert await store.read(read) == (None, None)
    assert await store.read(lambda conn: settings.get(conn, WS, "name")) == "new"


async def test_closing_finishes_what_is_queued_and_then_refuses(opened: Opened) -> None:
    """Works that were handed over before the close are recorded; later ones hear that it is over."""
    store = opened()
    tasks = [asyncio.ensure_future(store.write(putting(f"n{n}"))) for n in range(10)]
    await asyncio.sleep(0)
    store.close()
    await asyncio.gather(*tasks)
    with pytest.raises(Unavailable):
        await store.write(lambda conn: None)
    kept = await opened().read(lambda conn: [settings.get(conn, WS, f"n{n}") for n in range(10)])
    assert kept == ["here"] * 10


async def test_who_stops_waiting_stops_nobody_else(store: Store) -> None:
    """A take whose caller was cancelled leaves the others' answers alone."""
    tasks = [asyncio.ensure_future(store.write(putting(f"n{n}"))) for n in range(6)]
    await asyncio.sleep(0)
    tasks[2].cancel()
    results = await asyncio.gather(*tasks, return_exceptions=True)
    assert [type(r) for n, r in enumerate(results) if n != 2] == [type(None)] * 5
