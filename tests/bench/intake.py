"""Intake a second: the store's grouped writer beside plain sqlite3 doing the same, round by round in one run.

A take is one transaction: the outside id counted, an item numbered and stored, two ledger entries, two timers, one
notice. Both peers write the same tables with synchronous=FULL and answer after the COMMIT. Disks change their speed
within seconds, so the rounds alternate and only the ratios of their medians mean something.
"""

from __future__ import annotations

import asyncio
import itertools
import json
import queue
import sqlite3
import statistics
import tempfile
import threading
import time
from collections.abc import Awaitable, Callable
from concurrent.futures import Future
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import Connection

from rules.entries import Entry
from rules.items import Item, Source
from rules.notices import Card
from rules.ruling import Timer
from storage import inbox, items, ledger, outbox, timers
from storage.store import Store

WS = "main"
NOW = datetime(2026, 11, 20, 15, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)
GROUP = 50
ROUNDS = 5
SECONDS = 1.0
RAW = b"x" * 400

_numbers = itertools.count(1)
Take = Callable[[], Awaitable[None]]


def take_of_the_store(store: Store) -> Take:
    """A take as the desk does it, through the shelves, without the judging."""

    def work(conn: Connection) -> None:
        outside_id = f"slack:T1:C1:{next(_numbers)}"
        if not inbox.count(conn, WS, outside_id, NOW, "slack", "Posted", RAW):
            return
        key = f"REF-{items.next_number(conn, WS, 'REF')}"
        head = ledger.append(conn, WS, [_entry(key, "opened"), _entry(key, "owned")], "", 0)
        items.save(conn, _item(key, head), 0)
        due = [Timer(kind=kind, subject="", due_at=NOW + HOUR) for kind in ("deadline", "stale")]
        timers.sync(conn, WS, key, due)
        outbox.put(conn, WS, "slack:C1", Card(item=key, to="conversation"), NOW)
        inbox.settle(conn, WS, outside_id, "taken", key, "")

    return lambda: store.write(work)


def _entry(key: str, kind: Any) -> Entry:
    return Entry(
        kind=kind, item=key, at=NOW, by="dana", via="slack", rulebook="3f2a", facts={"owner": "dana"},
        texts={"title": "Refund for ORD-48213"},
    )  # fmt: skip


def _item(key: str, head: str) -> Item:
    return Item(
        key=key, workspace=WS, workflow="refunds", rulebook="3f2a", title="Refund for ORD-48213", text="charged twice",
        requester="slack:U1", source=Source(channel="slack", place="C1", thread="1700.1"), opened_at=NOW, owner="dana",
        backup="lee", due_at=NOW + HOUR, version=2, head=head,
    )  # fmt: skip


class Plain:
    """The peer: one thread, the sqlite3 module, literal SQL and values made beforehand, the same grouping."""

    def __init__(self, path: Path, group: int) -> None:
        self._path, self._group = path, group
        self._queue: queue.SimpleQueue[Future[None] | None] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._run)
        self._thread.start()

    async def take(self) -> None:
        future: Future[None] = Future()
        self._queue.put(future)
        await asyncio.wrap_future(future)

    def close(self) -> None:
        self._queue.put(None)
        self._thread.join()

    def _run(self) -> None:
        conn = sqlite3.connect(self._path, isolation_level=None)
        conn.execute("PRAGMA synchronous=FULL")
        conn.execute("PRAGMA foreign_keys=ON")
        waiting = self._queue.get()
        while waiting is not None:
            group = [waiting]
            while len(group) < self._group and not self._queue.empty() and (more := self._queue.get()) is not None:
                group.append(more)
            conn.execute("BEGIN IMMEDIATE")
            for _ in group:
                conn.execute("SAVEPOINT one")
                _plain_take(conn)
                conn.execute("RELEASE one")
            conn.execute("COMMIT")
            for future in group:
                future.set_result(None)
            waiting = self._queue.get()
        conn.close()


_AT, _DUE = "2026-11-20T15:00:00.000000Z", "2026-11-20T16:00:00.000000Z"
_BODY = json.dumps({"title": "Refund for ORD-48213", "text": "x" * 900})
_HASH, _SALT = "0" * 64, "0" * 32
_WORDS, _FACTS, _DIGESTS = '"Refund for ORD-48213"', '{"owner":"dana"}', f'{{"title":"{_HASH}"}}'
_COUNT = "INSERT INTO inbox VALUES (?,?,?,?,?,?,?,?,?,?) ON CONFLICT DO NOTHING"
_NUMBER = "INSERT INTO counters VALUES (?,?,1) ON CONFLICT DO UPDATE SET last = last + 1"
_TEXT = "INSERT INTO ledger_texts VALUES (?,?,?,?,?,?)"
_ENTRY = "INSERT INTO ledger VALUES (?,?,?,?,?,?,?,?,?,?,?)"
_ITEM = "INSERT INTO items VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?)"
_TIMER = "INSERT INTO timers VALUES (?,?,?,?,?)"
_NOTICE = (
    "INSERT INTO outbox (id, workspace, lane, slot, item, kind, notice, state, attempts, begun, created_at)"
    " VALUES (?,?,?,?,?,?,?,?,?,?,?)"
)


def _plain_take(conn: sqlite3.Connection) -> None:
    n = next(_numbers)
    key, slot = f"REF-{n}", f"card:REF-{n}"
    conn.execute(_COUNT, (WS, f"slack:T1:C1:{n}", _AT, "slack", "Posted", "taken", key, "", RAW, None))
    conn.execute(_NUMBER, (WS, "REF"))
    for seq in (1, 2):
        conn.execute(_TEXT, (WS, key, seq, "title", _WORDS, _SALT))
        conn.execute(_ENTRY, (WS, key, seq, _AT, "opened", "dana", "slack", "3f2a", _FACTS, _DIGESTS, _HASH))
    times = (_AT, _DUE, None, None)
    conn.execute(
        _ITEM, (WS, key, "refunds", "Refund", None, "dana", "slack:U1", *times, False, None, "s", 2, _HASH, _BODY)
    )
    for kind in ("deadline", "stale"):
        conn.execute(_TIMER, (WS, key, kind, "", _DUE))
    conn.execute(_NOTICE, (str(n), WS, "slack:C1", slot, key, "Card", "{}", "waiting", 0, False, _AT))


async def a_second(take: Take, callers: int) -> float:
    """Takes a second while so many callers each wait for their answer before they ask again."""
    until, began, done = time.perf_counter() + SECONDS, time.perf_counter(), 0

    async def caller() -> None:
        nonlocal done
        while time.perf_counter() < until:
            await take()
            done += 1

    await asyncio.gather(*(caller() for _ in range(callers)))
    return done / (time.perf_counter() - began)


async def compare() -> None:
    """Print takes a second of each peer, and what share of the plain, grouped peer the store reaches."""
    with tempfile.TemporaryDirectory() as folder:
        paths = [Path(folder) / name for name in ("store.db", "grouped.db", "single.db")]
        for path in paths:
            Store.open(f"sqlite:///{path}").close()
        store = Store.open(f"sqlite:///{paths[0]}")
        grouped, single = Plain(paths[1], GROUP), Plain(paths[2], 1)
        peers = {
            "store": take_of_the_store(store),
            "sqlite3, grouped": grouped.take,
            "sqlite3, a commit each": single.take,
        }
        for callers in (1, 32):
            rates: dict[str, list[float]] = {name: [] for name in peers}
            for _ in range(ROUNDS):
                for name, take in peers.items():
                    rates[name].append(await a_second(take, callers))
            medians = {name: statistics.median(found) for name, found in rates.items()}
            print(f"intake, SQLite FULL, {callers} caller{'s' * (callers > 1)}")
            for name, median in medians.items():
                print(f"  {name:24} {median:8,.0f} a second   store/it {medians['store'] / median:5.2f}")
        store.close()
        grouped.close()
        single.close()


if __name__ == "__main__":
    asyncio.run(compare())
