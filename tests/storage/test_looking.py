"""The web page's shelves: lists that are read a page at a time and lose nothing between two pages; who is signed in."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from sqlalchemy import Connection

from rules.items import Item
from storage import items, looking, tokens, web_sessions
from storage.looking import After
from storage.store import Conflict, Store
from tests.storage.samples import HOUR, NOW, WS, item, trouble

Read = Callable[[After | None], Callable[[Connection], list[Item]]]


async def shelve(store: Store, *some: Item) -> None:
    def save(conn: Connection) -> None:
        for one in some:
            items.save(conn, one, 0)

    await store.write(save)


async def turned(store: Store, read: Read) -> list[str]:
    """The keys of all pages of two, one behind the other."""
    keys: list[str] = []
    after: After | None = None
    while page := await store.read(read(after)):
        assert len(page) <= 2
        keys += [one.key for one in page]
        after = After(page[-1].closed_at or page[-1].due_at, page[-1].key)
    return keys


async def test_open_items_come_by_due_time_and_those_without_one_last(store: Store) -> None:
    """Also where several are due at once, and where a page ends between the two kinds."""
    await shelve(
        store,
        item("REF-5", due_at=NOW),
        item("REF-4", due_at=NOW + HOUR),
        item("REF-3", due_at=NOW + HOUR, owner="lee"),
        item("REF-2", due_at=None),
        item("REF-1", due_at=None),
        item("ACC-1", due_at=NOW, workflow="access"),
        item("BOT-1", due_at=NOW, workflow="docket"),
        item("REF-6", closed_at=NOW),
    )
    assert await turned(store, lambda at: lambda c: looking.open_items(c, WS, after=at, limit=2)) == [
        "ACC-1", "REF-5", "REF-3", "REF-4", "REF-1", "REF-2",
    ]  # fmt: skip
    assert await turned(store, lambda at: lambda c: looking.open_items(c, WS, owner="lee", after=at, limit=2)) == [
        "REF-3"
    ]
    assert await turned(
        store, lambda at: lambda c: looking.open_items(c, WS, workflow="docket", after=at, limit=2)
    ) == ["BOT-1"]


async def test_closed_items_come_newest_first(store: Store) -> None:
    closed = [item(f"REF-{n}", closed_at=NOW + (n // 2) * HOUR, outcome="done") for n in range(1, 6)]
    await shelve(store, *closed, item("REF-9"), item("ACC-1", workflow="access", closed_at=NOW, owner="lee"))
    keys = ["REF-4", "REF-5", "REF-2", "REF-3", "ACC-1", "REF-1"]
    assert await turned(store, lambda at: lambda c: looking.closed_items(c, WS, after=at, limit=2)) == keys
    keys.remove("ACC-1")
    read: Read = lambda at: lambda c: looking.closed_items(c, WS, workflow="refunds", owner="dana", after=at, limit=2)  # noqa: E731
    assert await turned(store, read) == keys


async def test_what_somebody_may_decide(store: Store) -> None:
    """A key is compared whole: `le` is not `lee`, and a percent sign is none of SQL's."""
    await shelve(
        store,
        item("REF-1", exceptions=(trouble(due_at=NOW + HOUR),)),
        item("REF-2", exceptions=(trouble(due_at=NOW, may_decide=("maria", "lee")), trouble("OTHER", due_at=NOW))),
        item("REF-3", exceptions=(trouble(state="void"),)),
    )
    assert await store.read(lambda c: looking.decided_by(c, WS, "lee", 9)) == ["REF-2", "REF-1"]
    assert await store.read(lambda c: looking.decided_by(c, WS, "le", 9)) == []
    assert await store.read(lambda c: looking.decided_by(c, WS, "l%", 9)) == []


async def test_a_sign_in_lasts_until_its_time_or_its_end(store: Store) -> None:
    async def whose(digest: str, later: timedelta) -> str | None:
        return await store.read(lambda c: web_sessions.person_of(c, WS, digest, NOW + later))

    for digest in ("a", "b"):
        await store.write(lambda c, d=digest: web_sessions.begin(c, WS, d, "lee", NOW, NOW + HOUR))
    await store.write(lambda c: web_sessions.begin(c, WS, "c", "maria", NOW, NOW + 2 * HOUR))
    assert await whose("a", HOUR / 2) == "lee"
    assert await whose("a", HOUR) is None
    assert await whose("x", HOUR / 2) is None
    await store.write(lambda c: web_sessions.end(c, WS, "a"))
    assert await whose("a", HOUR / 2) is None
    assert await whose("b", HOUR / 2) == "lee"
    await store.write(lambda c: web_sessions.end_all(c, WS, "lee"))
    assert await whose("b", HOUR / 2) is None
    assert await whose("c", HOUR) == "maria"


async def test_a_link_is_spent_once(store: Store) -> None:
    assert not await store.read(lambda c: tokens.spent(c, WS, "one"))
    await store.write(lambda c: tokens.spend(c, WS, "one", NOW, "web"))
    assert await store.read(lambda c: tokens.spent(c, WS, "one"))
    with pytest.raises(Conflict):
        await store.write(lambda c: tokens.spend(c, WS, "one", NOW, "web"))
