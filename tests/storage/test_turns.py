"""Turns: several instances on one PostgreSQL keep one limit together, to the second of its clock."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator

import pytest
from sqlalchemy import Connection, text

from bot.turns import shared_turns
from storage import turns
from storage.store import Store
from storage.turns import Limit
from tests.postgres import Server
from tests.storage.samples import WS

LANE, ALL = ("C1", 3, 3.0), ("chat.postMessage", 50, 10.0)


@pytest.fixture
def url(postgres: Server) -> Iterator[str]:
    fresh = postgres.fresh()
    yield fresh
    postgres.drop(fresh)


async def takes(store: Store, *limits: Limit, shut: float = 0.0) -> float:
    """In how many seconds the next turn is."""
    return await store.write(lambda conn: turns.take(conn, WS, limits, {limits[0][0]: shut}))


async def test_a_limit_holds_for_all_instances_together(opened: Callable[[], Store]) -> None:
    """Of ten turns that three instances ask for at once, three are now, three in three seconds, and so on."""
    stores = [opened(), opened(), opened()]
    waits = sorted(await asyncio.gather(*(takes(stores[n % 3], LANE, ALL) for n in range(10))))
    assert [round(wait / 3, 1) for wait in waits] == [0, 0, 0, 1, 1, 1, 2, 2, 2, 3]
    assert await takes(stores[0], ("C2", 3, 3.0), ALL) < 0.1, "the other channel does not wait"


async def test_the_longest_wait_of_several_limits_counts(store: Store) -> None:
    narrow = ("all", 2, 10.0)
    assert [round(await takes(store, (f"C{n}", 3, 3.0), narrow)) for n in range(5)] == [0, 0, 10, 10, 20]


async def test_what_slack_refused_one_instance_is_left_alone_by_all(opened: Callable[[], Store]) -> None:
    """Who was told to wait for 30 seconds says so with its next turn; a shorter word of another does not undo it."""
    here, there = opened(), opened()
    assert await takes(here, LANE, ALL) < 0.1
    assert 29 < await takes(here, LANE, ALL, shut=30.0) <= 30
    assert 29 < await takes(there, LANE, ALL, shut=5.0) <= 30
    assert await takes(there, ("C2", 3, 3.0), ALL) < 0.1


async def test_turns_that_are_long_over_are_forgotten(store: Store) -> None:
    """However wide the limit, a row stays as small as what went lately."""
    wide = ("C1", 1000, 3.0)
    for _ in range(5):
        assert await takes(store, wide) < 0.1

    def an_hour_passes(conn: Connection) -> str:
        earlier = "(SELECT json_agg(at::text::float8 - 3600) FROM json_array_elements(given::json) AS at)"
        conn.execute(text(f"UPDATE turns SET given = {earlier}"))
        return ""

    await store.write(an_hour_passes)
    await takes(store, wide)
    assert (
        await store.read(lambda conn: conn.execute(text("SELECT json_array_length(given::json) FROM turns")).scalar())
        == 1
    )


async def test_without_the_database_the_pace_is_one_s_own(store: Store) -> None:
    """Nobody waits for a turn that can't be asked for."""
    take = shared_turns(store, WS)
    assert take is not None
    store.close()
    assert await take([LANE], {}) is None


def test_a_single_instance_asks_nobody(tmp_path: object) -> None:
    store = Store.open(f"sqlite:///{tmp_path}/docket.db")
    assert shared_turns(store, WS) is None
    store.close()
