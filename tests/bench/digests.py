"""Every question that a digest and the reports ask, over a full database, beside the same SQL by the sqlite3 module."""

from __future__ import annotations

import sqlite3
import tempfile
import time
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, event

from bot.digests import OPEN_AT_MOST
from storage import items, pauses, reports, seals, watch
from storage.store import Store
from tests.bench.desk import NOW
from tests.bench.measure import Row, Size
from tests.bench.seeding import full

WS = "main"
OURS, RAW = "Docket", "raw sqlite3, the same SQL, rows fetched"
LIMIT_SECONDS = 0.5


def questions(now: datetime) -> dict[str, Callable[[Connection], Any]]:
    """By name, as the digest and the reports ask them: about a day, about a month."""
    day, month = now - timedelta(days=1), now - timedelta(days=30)
    return {
        "open items": lambda c: items.listing(c, WS, include_docket=True, limit=OPEN_AT_MOST),
        "changed in a day": lambda c: items.changed(c, WS, day, now),
        "open exceptions by code": lambda c: watch.open_exceptions(c, WS),
        "notices that wait": lambda c: watch.waiting(c, WS, now),
        "lateness of a day": lambda c: watch.late(c, WS, day, now),
        "the newest seal": lambda c: seals.newest(c, WS, now),
        "what is paused": lambda c: pauses.backlog(c, WS),
        "codes of a month": lambda c: reports.codes(c, WS, month),
        "closed without proof, a month": lambda c: reports.unproven(c, WS, month),
        "what became of decisions, a month": lambda c: reports.gates(c, WS, month),
        "stalled, a month": lambda c: reports.stalls(c, WS, month, [("refunds", "CODE_1")]),
    }


async def asked(size: Size, count: int | None = None, file: Path | None = None) -> list[Row]:
    """A row for each question; the aim is 1.2 of the raw time and half a second."""
    count = count or size.items
    with tempfile.TemporaryDirectory() as folder:
        if file is None:
            file = Path(folder) / "full.db"
            await full(file, count)
        store = Store.open(f"sqlite:///{file}")
        raw = sqlite3.connect(file)
        raw.execute("PRAGMA query_only=ON")
        rows = []
        for name, question in questions(NOW).items():
            row = Row(
                work=f"digest, {count:,} items: {name}", unit="ms", ours=OURS, more=False,
                aims={RAW: 1 / 1.2, "limit": LIMIT_SECONDS * 1000},
            )  # fmt: skip
            for _ in range(size.rounds):
                seconds, statements = await store.read(lambda conn, q=question: _timed(conn, q))  # type: ignore[misc]
                row.add(OURS, seconds * 1000)
                began = time.perf_counter()
                for sql, given in statements:
                    raw.execute(sql, given).fetchall()
                row.add(RAW, (time.perf_counter() - began) * 1000)
            rows.append(row)
        raw.close()
        store.close()
        return rows


def _timed(conn: Connection, question: Callable[[Connection], Any]) -> tuple[float, list[tuple[str, Any]]]:
    statements: list[tuple[str, Any]] = []

    def note(_conn: Any, _cursor: Any, sql: str, given: Any, _context: Any, _many: bool) -> None:
        statements.append((sql, given))

    event.listen(Engine, "before_cursor_execute", note)
    try:
        began = time.perf_counter()
        question(conn)
        return time.perf_counter() - began, statements
    finally:
        event.remove(Engine, "before_cursor_execute", note)
