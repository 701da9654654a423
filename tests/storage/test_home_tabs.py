"""Whose Home tabs are kept fresh, and what is known of what stands there."""

from __future__ import annotations

from datetime import timedelta

from storage import homes, items
from storage.homes import Open
from storage.store import Store
from tests.storage.samples import HOUR, NOW, WS, item

LEE, DANA = "slack:U0LEE", "slack:U0DANA"


async def tabs(store: Store, since: timedelta = timedelta(0)) -> list[Open]:
    return await store.read(lambda conn: homes.recent(conn, WS, NOW + since))


async def opens(store: Store, reader: str = LEE, page: int = 0, later: timedelta = timedelta(0)) -> Open:
    """Open it and give it as the publisher finds it."""
    await store.write(lambda conn: homes.opened(conn, WS, reader, page, NOW + later))
    return next(tab for tab in await tabs(store) if tab.reader == reader)


async def shows(store: Store, tab: Open, digest: str, name: str = "h1") -> None:
    await store.write(lambda conn: homes.published(conn, WS, tab, digest, name))


async def test_an_opened_tab_waits_to_be_drawn_and_then_stands(store: Store) -> None:
    tab = await opens(store)
    assert tab == Open(reader=LEE, opened_at=NOW, page=0, shown="", hash="")
    await shows(store, tab, "d1")
    (stands,) = await tabs(store)
    assert (stands.shown, stands.hash) == ("d1", "h1")


async def test_who_opened_it_long_ago_is_not_kept_fresh(store: Store) -> None:
    await opens(store)
    assert await tabs(store, since=HOUR) == []
    again = await opens(store, later=2 * HOUR)
    assert again.opened_at == NOW + 2 * HOUR
    assert len(await tabs(store, since=HOUR)) == 1


async def test_opening_it_again_draws_it_anew_over_what_stands_there(store: Store) -> None:
    """Slack's name for what stands there stays known: the next one is published over that and nothing newer."""
    await shows(store, await opens(store, page=2), "d1")
    again = await opens(store, later=HOUR)
    assert (again.page, again.shown, again.hash) == (0, "", "h1")


async def test_whoever_waits_comes_first_then_the_latest(store: Store) -> None:
    await shows(store, await opens(store, "slack:U1"), "d")
    await shows(store, await opens(store, "slack:U2", later=HOUR), "d")
    await opens(store, "slack:U3")
    assert [tab.reader for tab in await tabs(store)] == ["slack:U3", "slack:U2", "slack:U1"]


async def test_a_page_that_was_turned_while_another_was_published_is_still_drawn(store: Store) -> None:
    before = await opens(store)
    await opens(store, page=1)
    await shows(store, before, "page 0")
    (tab,) = await tabs(store)
    assert (tab.page, tab.shown, tab.hash) == (1, "", "h1")


async def test_what_slack_calls_outdated_is_drawn_over_unless_another_instance_drew_it(store: Store) -> None:
    tab = await opens(store)
    await shows(store, tab, "d1")
    (mine,) = await tabs(store)
    await shows(store, mine, "d2", "h2")  # the other instance was quicker
    await store.write(lambda conn: homes.outdated(conn, WS, mine))
    (tab,) = await tabs(store)
    assert (tab.shown, tab.hash) == ("d2", "h2")
    await store.write(lambda conn: homes.outdated(conn, WS, tab))
    (tab,) = await tabs(store)
    assert (tab.shown, tab.hash) == ("", "")


async def test_a_forgotten_tab_comes_back_when_it_is_opened(store: Store) -> None:
    await opens(store, DANA)
    await store.write(lambda conn: homes.forget(conn, WS, DANA))
    assert await tabs(store) == []
    await opens(store, DANA)
    assert len(await tabs(store)) == 1


async def test_what_ended_for_a_requester_since_a_time_the_last_first(store: Store) -> None:
    def save(conn: object) -> None:
        for key, hours in (("REF-1", 1), ("REF-2", 5), ("REF-3", 9)):
            items.save(conn, item(key, closed_at=NOW + hours * HOUR, outcome="done"), 0)  # type: ignore[arg-type]
        items.save(conn, item("REF-4"), 0)  # type: ignore[arg-type]
        items.save(conn, item("REF-5", closed_at=NOW + HOUR, requester="slack:U9"), 0)  # type: ignore[arg-type]

    await store.write(save)
    found = await store.read(lambda conn: items.ended(conn, WS, "slack:U0RITA", NOW + 2 * HOUR, 5))
    assert [each.key for each in found] == ["REF-3", "REF-2"]
