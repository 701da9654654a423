"""PostgreSQL's bad days: connections that die idle or in mid-work, a server that is away, and its return."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial

import pytest
from sqlalchemy import Connection, text

from rules.notices import DecisionCard
from storage import outbox, settings
from storage.store import Store, Unavailable
from tests.postgres import Server
from tests.storage.samples import NOW, WS


@pytest.fixture
def place(postgres: Server) -> Iterator[str]:
    """The URL of a fresh database."""
    fresh = postgres.fresh()
    yield fresh
    postgres.drop(fresh)


@pytest.fixture
def store(place: str) -> Iterator[Store]:
    store = Store.open(place)
    yield store
    store.close()


def name_of(place: str) -> str:
    return place.split("@/")[1].split("?")[0]


def cut_all(postgres: Server, place: str) -> None:
    """What a restart of the server does to whoever is connected."""
    with postgres.connect() as conn:
        conn.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s", [name_of(place)])


def put(conn: Connection) -> str:
    settings.put(conn, WS, "name", "value")
    return "done"


async def test_connections_that_died_idle_are_not_noticed(postgres: Server, place: str, store: Store) -> None:
    """Every connection is cut while nothing happens: the next write and the next read just work."""
    await asyncio.gather(*(store.write(put) for _ in range(6)))
    cut_all(postgres, place)
    assert await store.write(put) == "done"
    cut_all(postgres, place)
    assert await store.read(lambda conn: settings.get(conn, WS, "name")) == "value"


async def test_a_connection_that_dies_in_mid_work_runs_the_work_again(store: Store) -> None:
    """Nothing of the first run was recorded, so the second starts from what stands."""
    runs: list[int] = []

    def work(conn: Connection) -> str:
        settings.put(conn, WS, f"run {len(runs)}", "here")
        runs.append(1)
        if len(runs) == 1:
            conn.execute(text("SELECT pg_terminate_backend(pg_backend_pid())"))
        return "done"

    assert await store.write(work) == "done"
    kept = await store.read(lambda conn: [settings.get(conn, WS, f"run {n}") for n in range(2)])
    assert kept == [None, "here"]


async def test_a_deadlock_is_run_again(store: Store) -> None:
    """Two works that take two rows in opposite order both end well."""
    for name in ("a", "b"):
        await store.write(partial(settings.put, ws=WS, name=name, value="0"))
    both_began = threading.Barrier(2)

    def crossing(first: str, second: str) -> Callable[[Connection], str]:
        runs: list[int] = []

        def work(conn: Connection) -> str:
            runs.append(1)
            settings.put(conn, WS, first, "1")
            if len(runs) == 1:
                both_began.wait(5)
            settings.put(conn, WS, second, "1")
            return "done"

        return work

    done = await asyncio.gather(*(store.write(crossing(*names)) for names in ("ab", "ba")))
    assert done == ["done", "done"]


async def test_a_server_that_is_away_is_a_sentence_and_passes(postgres: Server, place: str, store: Store) -> None:
    """While nobody is let in, works say so; afterwards they go on, and other instances' commits are heard again."""
    other = Store.open(place)
    heard = threading.Event()
    other.subscribe(heard.set)
    with postgres.connect() as conn:
        conn.execute(f"ALTER DATABASE {name_of(place)} ALLOW_CONNECTIONS false")
        cut_all(postgres, place)
        for ask in (store.write(put), store.read(lambda conn: settings.get(conn, WS, "name"))):
            with pytest.raises(Unavailable, match="can't be reached"):
                await ask
        conn.execute(f"ALTER DATABASE {name_of(place)} ALLOW_CONNECTIONS true")

    assert await store.write(put) == "done"
    heard.clear()
    await store.write(put)
    assert await asyncio.to_thread(heard.wait, 8)
    await asyncio.to_thread(other.close)


async def test_no_courier_words_an_item_that_is_being_changed(place: str, store: Store) -> None:
    """A waiting card that a take relies on can't be claimed before that take is committed, by any instance."""
    courier = Store.open(place)
    card = DecisionCard(item="REF-1", to="lee", code="OVER_LIMIT", opened_at="t")
    revised = replace(card, update=True)
    await store.write(lambda conn: outbox.put(conn, WS, "slack:U0LEE", card, NOW))
    loop = asyncio.get_running_loop()

    def claims() -> list[outbox.Claimed]:
        claiming = courier.write(lambda conn: outbox.claim(conn, NOW, 30, 10))
        return asyncio.run_coroutine_threadsafe(claiming, loop).result(5)

    def take(conn: Connection) -> list[outbox.Claimed]:
        outbox.put(conn, WS, "slack:U0LEE", revised, NOW)
        return claims()

    assert await store.write(take) == []
    assert [each.notice for each in await asyncio.to_thread(claims)] == [card]
    await asyncio.to_thread(courier.close)
