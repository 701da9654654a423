"""kill -9 while it writes: what was answered is there, what was not is whole or absent."""

from __future__ import annotations

import asyncio
import multiprocessing
import os
import random
import signal
import time
from multiprocessing.connection import Connection as Pipe

from sqlalchemy import Connection

import tests.processes  # noqa: F401 it says what forked processes have imported already
from storage import inbox, items, ledger
from storage.store import Store
from tests.storage.samples import NOW, WS, entry, record

FORKS = multiprocessing.get_context("forkserver")
#: Enough to hit every part of a group commit now and then; the whole bot is killed more often elsewhere.
KILLS = 24
WRITERS = 6


def _write_on(url: str, run: int, told: Pipe) -> None:
    """Take after take by six callers at once; each name is told when its take is answered. Ends by being killed."""

    async def caller(store: Store, number: int) -> None:
        for n in range(100_000):
            name = f"{run}-{number}-{n}"

            def work(conn: Connection, name: str = name) -> None:
                assert inbox.count(conn, WS, name, NOW, "slack", "Posted", b"raw")
                key = f"REF-{items.next_number(conn, WS, 'REF')}"
                record(conn, key, entry(key, kind="opened"), entry(key))
                inbox.settle(conn, WS, name, "taken", key, "")

            await store.write(work)
            told.send(name)

    async def all_callers() -> None:
        store = Store.open(url)
        await asyncio.gather(*(caller(store, number) for number in range(WRITERS)))

    asyncio.run(all_callers())


def _kill_one(url: str, run: int, chance: random.Random) -> list[str]:
    """Start a writer, kill it a moment after its first answer; the names that were answered."""
    ours, theirs = FORKS.Pipe(duplex=False)
    process = FORKS.Process(target=_write_on, args=(url, run, theirs))
    process.start()
    theirs.close()
    answered = [ours.recv()]
    time.sleep(chance.uniform(0, 0.06))
    assert process.pid is not None
    os.kill(process.pid, signal.SIGKILL)
    process.join()
    while True:
        try:
            answered.append(ours.recv())
        except (EOFError, OSError):  # the second: it died in the middle of a message
            return answered


async def test_what_was_answered_survives_kill_9(url: str) -> None:
    """After each kill: every answered take is there whole, none half, and the numbers have no gap."""
    Store.open(url).close()
    chance = random.Random(20261121)
    answered: list[str] = []
    for run in range(KILLS):
        answered += _kill_one(url, run, chance)

    store = Store.open(url)
    arrivals = await store.read(lambda conn: [inbox.arrival(conn, WS, name) for name in answered])
    assert all(arrival is not None and arrival.state == "taken" for arrival in arrivals)
    keys = await store.read(lambda conn: items.all_keys(conn, WS))
    assert {arrival.item for arrival in arrivals if arrival} <= set(keys)
    assert sorted(int(key.removeprefix("REF-")) for key in keys) == list(range(1, len(keys) + 1))
    assert await store.read(lambda conn: ledger.check_chain(conn, WS)) == []
    store.close()
    # each kill leaves at most one group unanswered
    assert len(answered) <= len(keys) <= len(answered) + KILLS * WRITERS
