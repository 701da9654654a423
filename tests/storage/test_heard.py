"""How far Slack was heard: marks that only go up, and the threads in which somebody may still write about an item."""

from __future__ import annotations

from dataclasses import replace

from sqlalchemy import Connection

from storage import heard, items, threads
from storage.store import Store
from tests.storage.samples import HOUR, NOW, WS, item

SINCE, EARLY, LATE = "1700000000.000000", "1763800000.000100", "1763800000.000200"


async def test_a_mark_goes_up_and_never_back(store: Store) -> None:
    """Another instance that is behind changes nothing, and since when it is ours is said once."""
    for mark in ((SINCE, EARLY), (EARLY, LATE), (SINCE, EARLY)):
        await store.write(lambda conn, mark=mark: heard.advance(conn, WS, {"C1": mark}))
    assert await store.read(lambda conn: heard.marks(conn, WS)) == {"C1": (SINCE, LATE)}


async def test_every_conversation_has_its_own_mark(store: Store) -> None:
    await store.write(lambda conn: heard.advance(conn, WS, {}))
    assert await store.read(lambda conn: heard.marks(conn, WS)) == {}
    await store.write(lambda conn: heard.advance(conn, WS, {"D1": (SINCE, LATE), "C1": (SINCE, EARLY)}))
    assert await store.read(lambda conn: heard.marks(conn, WS)) == {"C1": (SINCE, EARLY), "D1": (SINCE, LATE)}
    assert await store.read(lambda conn: heard.marks(conn, "another workspace")) == {}


async def test_threads_are_those_of_items_that_are_open_or_were_closed_lately(store: Store) -> None:
    def fill(conn: Connection) -> None:
        for number, closed_at in enumerate((None, NOW - HOUR, NOW - 3 * HOUR)):
            stored = item(f"REF-{number}", closed_at=closed_at, outcome=closed_at and "done")
            items.save(conn, replace(stored, version=1), 0)
            threads.bind(conn, WS, {f"slack:C1:{number}": stored.key})
        threads.bind(conn, WS, {"mail:<a@x>": "REF-0"})
        threads.bind(conn, WS, {"slack:D1:17.1": "REF-0"})

    await store.write(fill)
    found = await store.read(lambda conn: heard.threads_of_items(conn, WS, NOW - 2 * HOUR))
    assert sorted(found) == ["slack:C1:0", "slack:C1:1", "slack:D1:17.1"]
