"""What the watchdog asks of the shelves: work without a due time, notices that nobody sends, how late things fired."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import Connection

from rules.notices import Card, Reminder
from rules.pauses import Pause
from rules.ruling import Timer
from storage import items, outbox, pauses, timers, watch
from storage.store import Store
from storage.watch import Late, Waiting
from tests.storage.samples import HOUR, NOW, WS, item, trouble

MINUTE = timedelta(minutes=1)


def remind(subject: str = "", kind: str = "remind") -> Timer:
    return Timer(kind=kind, subject=subject, due_at=NOW + HOUR)


async def test_open_work_without_a_due_time_is_found(store: Store) -> None:
    """An item with none, and one whose open exception has none; closed and decided ones need none."""

    def fill(conn: Connection) -> None:
        items.save(conn, item("REF-1"), 0)
        items.save(conn, item("REF-2"), 0)
        timers.sync(conn, WS, "REF-2", [remind()])
        items.save(conn, item("REF-3", exceptions=(trouble(),)), 0)
        timers.sync(conn, WS, "REF-3", [remind(), remind("OTHER", "escalate"), remind("OVER_LIMIT", "stale")])
        items.save(conn, item("REF-4", exceptions=(trouble(),)), 0)
        timers.sync(conn, WS, "REF-4", [remind("OVER_LIMIT", "escalate")])
        items.save(conn, item("REF-5", exceptions=(trouble(state="void", ended_at=NOW),)), 0)
        timers.sync(conn, WS, "REF-5", [remind()])
        items.save(conn, item("REF-6", closed_at=NOW, outcome="done"), 0)

    await store.write(fill)
    assert await store.read(lambda conn: watch.timeless(conn, WS, "", 9)) == ["REF-1", "REF-3"]
    assert await store.read(lambda conn: watch.timeless(conn, WS, "", 1)) == ["REF-1"]
    assert await store.read(lambda conn: watch.timeless(conn, WS, "REF-1", 9)) == ["REF-3"]
    assert await store.read(lambda conn: watch.some(conn, WS, "REF-4", 9)) == ["REF-5", "REF-6"]


async def test_only_what_nobody_sends_without_a_reason_is_stuck(store: Store) -> None:
    """Leased, put off, behind another that is tried again, for a later time, paused, or just come: all explained."""
    now = NOW + 10 * MINUTE
    card = [Card(item=f"REF-{n}", to="conversation") for n in range(9)]

    def fill(conn: Connection) -> list[str]:
        items.save(conn, item("REF-7", workflow="access"), 0)
        stuck = [outbox.put(conn, WS, "slack:C1", card[1], NOW)]
        outbox.put(conn, WS, "slack:C1", card[2], NOW)  # behind it
        again = outbox.put(conn, WS, "slack:C2", card[3], NOW)
        outbox.retry(conn, again, now + MINUTE, "429")
        outbox.put(conn, WS, "slack:C2", card[4], NOW)  # behind one that is tried again
        outbox.put(conn, WS, "slack:C3", Reminder(item="REF-5", to="lee", code=""), NOW, now + HOUR)
        outbox.put(conn, WS, "slack:C4", card[6], now - MINUTE)  # just come
        outbox.put(conn, WS, "slack:C5", card[7], NOW)
        pauses.begin(conn, WS, Pause(workflow="access", since=NOW, by="sam"))
        stuck.append(outbox.put(conn, WS, "mail:lee@x", Reminder(item="REF-8", to="lee", code=""), NOW, NOW + MINUTE))
        return stuck

    stuck = await store.write(fill)
    assert await store.read(lambda conn: watch.stuck(conn, now - 3 * MINUTE, 9)) == stuck
    waiting = await store.read(lambda conn: watch.waiting(conn, WS, now))
    assert sorted(waiting, key=lambda each: each.channel) == [
        Waiting(channel="mail", count=1, oldest=NOW),
        Waiting(channel="slack", count=7, oldest=NOW),
    ]
    await store.write(lambda conn: outbox.claim(conn, now, 120, 50))
    assert await store.read(lambda conn: watch.stuck(conn, now - 3 * MINUTE, 9)) == []
    assert await store.read(lambda conn: watch.stuck(conn, now + 3 * MINUTE, 9)) != [], "whoever had it has died"


async def test_how_late_due_times_fired_is_kept_by_the_hour(store: Store) -> None:
    """What several instances write adds up, also after a restart; another hour is apart."""
    await store.write(lambda conn: watch.fired(conn, WS, NOW + MINUTE, 3, 0.25))
    await store.write(lambda conn: watch.fired(conn, WS, NOW + 2 * MINUTE, 2, 0.125))
    await store.write(lambda conn: watch.fired(conn, WS, NOW + 5 * HOUR, 1, 90.5))
    assert await store.read(lambda conn: watch.late(conn, WS, NOW, NOW + HOUR)) == Late(fired=5, latest_seconds=0.25)
    assert await store.read(lambda conn: watch.late(conn, WS, NOW, NOW + 6 * HOUR)) == Late(
        fired=6, latest_seconds=90.5
    )
    assert await store.read(lambda conn: watch.late(conn, WS, NOW - HOUR, NOW)) == Late(fired=0, latest_seconds=0.0)
