"""The off switch on the shelves: what rests is in nobody's way, what was held comes back in order, once."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import datetime, timedelta
from functools import partial

import pytest
from sqlalchemy import Connection

from rules.events import Attachment, Command, Event, Posted, Reacted
from rules.items import Item
from rules.notices import Card, Reminder
from rules.own_events import Due, StoodStill
from rules.pauses import Pause
from rules.ruling import Timer
from storage import inbox, items, outbox, pauses, timers
from storage.happenings import packed, unpacked
from storage.store import Store
from tests.storage.samples import HOUR, NOW, WS, item

LANE = "slack:U0LEE"


def pause(workflow: str = "refunds", since: datetime = NOW) -> Pause:
    return Pause(workflow=workflow, since=since, by="lee", because="The bank is down.")


async def begin(store: Store, made: Pause) -> Pause:
    await store.write(lambda conn: pauses.begin(conn, WS, made))
    return made


async def resumed(store: Store, made: Pause) -> None:
    from dataclasses import replace

    over = replace(made, resumed_at=NOW + HOUR, resumed_by="maria")
    await store.write(lambda conn: pauses.resume(conn, WS, over))


async def two_workflows(store: Store) -> None:
    """REF-1 and ACC-1, each with a card for one lane and a time that is due."""

    def work(conn: Connection) -> None:
        for key, workflow in (("REF-1", "refunds"), ("ACC-1", "access")):
            made: Item = item(key, workflow=workflow, version=1)
            items.save(conn, made, 0)
            timers.sync(conn, WS, key, [Timer(kind="late", subject="", due_at=NOW)])
            outbox.put(conn, WS, LANE, Card(item=key, to="lee"), NOW)
            outbox.put(conn, WS, LANE, Reminder(item=key, to="lee"), NOW)

    await store.write(work)


async def claimed(store: Store) -> list[str]:
    """The items of all that can be claimed, one claim after another."""
    found: list[str] = []
    while True:
        claims = await store.write(lambda conn: outbox.claim(conn, NOW, 60, 10))
        if not claims:
            return found
        found += [each.notice.item for each in claims]
        ended = [outbox.Arrived(each.id, "C1", "1.1", NOW) for each in claims]
        await store.write(partial(outbox.sent, arrived=ended))


async def due(store: Store) -> list[str]:
    return [timer.item for timer in await store.read(lambda conn: timers.due(conn, NOW, 10))]


async def test_a_paused_workflow_rests_and_the_other_goes_on(store: Store) -> None:
    """Its notices lie first in the lane and hold up nobody; its times stay due and wake nobody."""
    await two_workflows(store)
    made = await begin(store, pause())
    assert await claimed(store) == ["ACC-1", "ACC-1"]
    assert await store.read(outbox.next_ready) is None
    assert await due(store) == ["ACC-1"]
    assert await store.read(timers.next_due) == NOW
    await store.write(lambda conn: timers.sync(conn, WS, "ACC-1", []))
    assert await store.read(timers.next_due) is None
    assert [await store.read(lambda c, k=k: pauses.rests(c, WS, k)) for k in ("REF-1", "ACC-1", "")] == [
        True,
        False,
        False,
    ]  # type: ignore[misc]
    await resumed(store, made)
    assert await due(store) == [], "until what was held is handled it rests"
    assert await store.write(lambda conn: pauses.end(conn, WS, made, NOW + HOUR))
    assert await due(store) == ["REF-1"]
    assert await claimed(store) == ["REF-1", "REF-1"]


async def test_everything_rests_when_everything_is_paused(store: Store) -> None:
    await two_workflows(store)
    await store.write(lambda conn: outbox.put(conn, WS, LANE, Card(item="", to="lee"), NOW))
    await begin(store, pause(""))
    assert (await claimed(store), await due(store)) == ([], [])
    assert await store.read(timers.next_due) is None
    assert await store.read(lambda conn: pauses.rests(conn, WS, ""))


async def test_a_send_that_waited_for_its_turn_does_not_begin(store: Store) -> None:
    await two_workflows(store)
    first = (await store.write(lambda conn: outbox.claim(conn, NOW, 60, 1)))[0]
    await begin(store, pause())
    assert not await store.write(lambda conn: outbox.begin(conn, [first.id]))


async def held(store: Store, outside_id: str, at: datetime, workflow: str = "refunds") -> None:
    def work(conn: Connection) -> None:
        inbox.count(conn, WS, outside_id, at, "slack", "Posted", b"{}")
        inbox.settle(conn, WS, outside_id, "paused", None, f"{workflow} is paused")
        inbox.pack(conn, WS, outside_id, "{}", workflow)

    await store.write(work)


async def test_what_was_held_comes_in_order_and_only_when_it_goes_on(store: Store) -> None:
    made, other = await begin(store, pause()), await begin(store, pause("access"))
    await held(store, "b", NOW + timedelta(minutes=2))
    await held(store, "a", NOW + timedelta(minutes=1))
    await held(store, "c", NOW, "access")
    assert await store.read(lambda conn: pauses.next_waiting(conn, WS)) is None
    counts = await store.read(lambda conn: pauses.backlog(conn, WS))
    assert [(each.workflow, each.count) for each in counts] == [("access", 1), ("refunds", 2)]
    await resumed(store, made)
    assert not await store.write(lambda conn: pauses.end(conn, WS, made, NOW)), "something still waits"
    for wanted in ("a", "b"):
        waiting = await store.read(lambda conn: pauses.next_waiting(conn, WS))
        assert waiting is not None
        assert waiting.outside_id == wanted
        assert not await store.write(lambda conn: pauses.claim(conn, WS, "c"))
        assert await store.write(lambda conn, w=wanted: pauses.claim(conn, WS, w))  # type: ignore[misc]
    assert await store.write(lambda conn: pauses.end(conn, WS, made, NOW))
    assert [each.workflow for each in await store.read(lambda conn: pauses.standing(conn, WS))] == [other.workflow]


async def test_each_is_taken_by_one_of_two_instances(opened: Callable[[], Store]) -> None:
    """Both see the same one; one of them has it."""
    stores = [opened(), opened()]
    made = await begin(stores[0], pause())
    await held(stores[0], "a", NOW)
    await resumed(stores[0], made)
    won = await asyncio.gather(*(stores[n % 2].write(lambda conn: pauses.claim(conn, WS, "a")) for n in range(6)))
    assert sorted(won) == [False] * 5 + [True]


META = {"id": "slack:T1:C1:1.1", "workspace": WS, "at": NOW, "by": "slack:U0RITA", "via": "slack"}
POSTED = Posted(
    **META, place="C1", place_name="refunds", ts="1.1", thread=None, text="Bitte 5 € \U0001f4b6",
    files=(Attachment(name="a.bin", data=b"\xff\x00"),),
)  # type: ignore[arg-type]  # fmt: skip


@pytest.mark.parametrize(
    "event",
    [
        POSTED,
        Reacted(**{**META, "id": "r"}, reaction="ticket", message=POSTED),  # type: ignore[arg-type]
        Command(**META, verb="set", item="REF-1", fields={"a": "b"}, seen={"c": "d"}, message=POSTED),  # type: ignore[arg-type]
        Due(**META, item="REF-1", kind="late", subject="", due_at=NOW),  # type: ignore[arg-type]
        StoodStill(**META, item="REF-1", since=NOW, until=NOW + HOUR),  # type: ignore[arg-type]
    ],
)
def test_a_happening_comes_back_as_it_was(event: Event) -> None:
    """Every value, with its kind and its times; its words as the database keeps them."""
    assert unpacked(packed(event)) == event


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"kind": "Later", "event": {}}', '{"kind": "Posted", "event": {}}'])
def test_what_this_program_does_not_know_is_nothing(text: str) -> None:
    assert unpacked(text) is None
