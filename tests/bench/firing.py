"""What is due: a thousand whole takes with many timers pending beside schedulers that merely mark a job done."""

from __future__ import annotations

import asyncio
import sqlite3
import time
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import psycopg
from sqlalchemy import make_url, text

from bot.absences import Absences
from bot.books import Books
from bot.demo import example
from bot.desk import Desk
from bot.knock import Knock
from bot.outages import Outages
from rules.book.load import load
from rules.lanes import Ways
from rules.own_events import Due
from storage.store import Store
from tests.bench import peers
from tests.bench.desk import NOW, posted
from tests.bench.measure import Row, Size, quantile
from tests.bench.seeding import pending
from tests.postgres import Server

OURS = "Docket: rules, ledger, item, next timer, notice"


class Firing:
    """A store with so many timers pending and so many items with a question asked, whose next due time is known."""

    def __init__(self, url: str) -> None:
        self.now = NOW
        self.running: Callable[[], datetime] | None = None
        self.store = Store.open(url)
        text_ = example()
        books = Books(load(text_), text_, "main")
        self.desk = Desk(self.store, books, self.clock, Ways(slack=True, mail=True))
        absences = Absences(self.store, self.desk, Outages(self.desk, self.clock), self.clock)
        self.knock = Knock(self.store, books, self.desk, self.clock, asyncio.Lock(), absences)

    def clock(self) -> datetime:
        return self.running() if self.running else self.now

    async def prepare(self, due: int, first: int = 1) -> None:
        """So many items with a question asked."""
        for start in range(first, first + due, 50):
            takes = (self.desk.take(posted(n)) for n in range(start, min(start + 50, first + due)))
            await asyncio.gather(*takes)

    async def late(self, count: int) -> list[float]:
        """Fire so many as the clock runs; how late each was done, in seconds."""
        first, began = await self.store.read(_next) - timedelta(seconds=1), time.perf_counter()
        found: list[float] = []

        def runs() -> datetime:
            return first + timedelta(seconds=time.perf_counter() - began)

        take = self.desk.take

        async def timed(event: Any, *given: Any, **named: Any) -> Any:
            taken = await take(event, *given, **named)
            if isinstance(event, Due):
                found.append((runs() - event.due_at).total_seconds())
            return taken

        self.running = runs
        self.desk.take = timed  # type: ignore[method-assign]
        while len(found) < count and runs() < first + timedelta(seconds=count / 100 + 60):
            await self.knock.look()
            wait = (await self.knock.next_look() - runs()).total_seconds()
            await asyncio.sleep(max(0.0, min(wait, 1.0)))
        return found

    async def fire(self) -> float:
        """Push the clock to the next due time; seconds for a thousand of what was due there, whole takes."""
        self.now = await self.store.read(_next)
        began = time.perf_counter()
        fired = await self.knock.look()
        return (time.perf_counter() - began) / max(1, fired) * 1000


def _next(conn: Any) -> datetime:
    found = conn.execute(text("SELECT min(due_at) FROM timers")).scalar()
    return found if isinstance(found, datetime) else datetime.fromisoformat(found)


def fill(url: str, count: int) -> None:
    """Timers that stay pending."""
    if url.startswith("sqlite"):
        conn = sqlite3.connect(url.removeprefix("sqlite:///"), isolation_level=None)
        conn.execute("BEGIN")
        pending(conn, count)
        conn.execute("COMMIT")
        conn.close()
        return
    with psycopg.connect(make_url(url).set(drivername="postgresql").render_as_string(hide_password=False)) as pg:
        pg.execute(
            "INSERT INTO timers SELECT 'main', 'OLD-' || n, 'stale', '', timestamptz '2036-01-01' + n * interval '1 s'"
            " FROM generate_series(1, %s) AS n",
            (count,),
        )
        pg.commit()
        pg.autocommit = True
        pg.execute("ANALYZE timers")


async def thousand(size: Size, url: Callable[[], str], engine: str) -> Row:
    """Seconds for 1,000 due; both sides durable, each on a database of its own of the same kind."""
    row = Row(work=f"1,000 due, {size.pending:,} pending, {engine}", unit="s", ours=OURS, more=False)
    ours = url()
    Store.open(ours).close()
    fill(ours, size.pending)
    firing = Firing(ours)
    await firing.prepare(size.due)
    for _ in range(4):
        await firing.fire()  # now their exceptions stand: what follows are reminders and escalations
    others, row.missing = peers.schedulers(engine, url, size)
    row.aims = dict.fromkeys(others, 1.0)
    try:
        for _ in range(min(3, size.rounds)):
            row.add(OURS, await firing.fire())
            for name, peer in others.items():
                row.add(name, await asyncio.to_thread(peer.thousand))
    finally:
        firing.store.close()
        for peer in others.values():
            peer.close()
    return row


async def lateness(size: Size, server: Server) -> Row:
    """p99 from due to done, 100 due a second, by a clock that runs."""
    ours, count = server.fresh(), 100 * size.late_seconds
    work = f"lateness p99, 100 due a second, {size.pending:,} pending, PostgreSQL"
    row = Row(work=work, unit="ms", ours=OURS, more=False, aims={"Procrastinate": 10.0, peers.DBOS_NAME: 10.0})
    Store.open(ours).close()
    fill(ours, size.pending)
    firing = Firing(ours)
    for n in range(count):  # opened ten milliseconds apart, so that they are due ten milliseconds apart
        firing.now = NOW + n * timedelta(milliseconds=10)
        await firing.prepare(1, first=n + 1)
    row.add(OURS, quantile(await firing.late(count), 0.99) * 1000)
    firing.store.close()
    row.add("Procrastinate", await asyncio.to_thread(peers.Procrastinate(server.fresh(), size).late))
    try:
        row.add(peers.DBOS_NAME, await asyncio.to_thread(peers.Dbos(server.fresh(), size).late))
    except Exception as problem:
        row.missing["DBOS"] = f"{type(problem).__name__}: {problem}"[:150]
    return row
