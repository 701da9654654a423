"""A database that is full already: items, their entries and timers by the hundred thousand, made by SQL."""

from __future__ import annotations

import sqlite3
from pathlib import Path

from storage.store import Store
from tests.bench.desk import take_number

MARK = 918273645
_ROWS = "WITH RECURSIVE some(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM some WHERE n < ?) "
SEALED = "2026-03-04T15:00:00.000000Z"
#: Days over which they were opened; every fourth item is still open.
DAYS = 365


async def full(path: Path, items: int, *, all_open: bool = False, entries: int = 5) -> None:
    """Fill a new SQLite file with that many items, copies of one that was taken, `entries` entries each.

    The ledger's guards let rows in. Hashes are not those of a chain or a seal, which nothing here looks at.
    """
    store = Store.open(f"sqlite:///{path}")
    await take_number(store, MARK)
    store.close()
    conn = sqlite3.connect(path, isolation_level=None)
    conn.execute("PRAGMA synchronous=OFF")
    conn.execute("PRAGMA cache_size=-200000")
    conn.execute("BEGIN")
    ago = f"'-' || (n % ({DAYS} * 1440)) || ' minutes'"
    at = f"strftime('%Y-%m-%dT%H:%M:%S', '2026-03-04 16:00:00', {ago}) || '.000000Z'"
    closed = "NULL" if all_open else f"CASE WHEN n % 4 THEN {at} END"
    columns = [row[1] for row in conn.execute("PRAGMA table_info(items)")]
    other = {
        "key": "'OLD-' || n", "opened_at": at, "closed_at": closed, "signature": "'s' || n", "owner": "'p' || (n % 40)",
        "due_at": f"CASE WHEN n % 3 THEN {at} END", "outcome": f"CASE WHEN {closed} IS NOT NULL THEN 'done' END",
        "proven": "n % 2", "body": "replace(body, 'REF-1\"', 'OLD-' || n || '\"')",
    }  # fmt: skip
    chosen = ", ".join(f"{other[name]}" if name in other else f'items."{name}"' for name in columns)
    conn.execute(f"{_ROWS} INSERT INTO items SELECT {chosen} FROM some, items WHERE items.key = 'REF-1'", (items,))
    for seq in range(1, entries + 1):
        kind = ("opened", "entered", "owned", "told", "closed")[(seq - 1) % 5]
        conn.execute(
            f"{_ROWS} INSERT INTO ledger SELECT 'main', 'OLD-' || n, {seq}, {at}, '{kind}', 'dana', 'slack', 'r',"
            " CASE WHEN ? = 'closed' THEN '{\"outcome\":\"done\"}' WHEN ? = 'entered' THEN '{\"stage\":\"intake\"}'"
            " ELSE '{}' END, '{}', printf('%064x', n) FROM some",
            (items, kind, kind),
        )
        conn.execute(f"{_ROWS} INSERT INTO sealed SELECT 'main', 'OLD-' || n, {seq}, 1 FROM some", (items,))
    zeros = "0" * 64
    conn.execute("INSERT INTO seals VALUES ('main', 1, ?, ?, ?, ?)", (SEALED, items * entries, zeros, zeros))
    raised = "'open'" if all_open else "CASE WHEN n % 4 THEN 'approved' ELSE 'open' END"
    conn.execute(
        f"{_ROWS} INSERT INTO exceptions (workspace, item, n, workflow, code, state, owner, may_decide, opened_at,"
        f" due_at, ended_at) SELECT 'main', 'OLD-' || n, 0, 'refunds', 'CODE_' || (n % 12), {raised}, 'p' || (n % 40),"
        f" '[]', {at}, {at}, {closed} FROM some WHERE n % 5 = 0",
        (items,),
    )
    conn.execute("COMMIT")
    pending(conn, items)
    conn.execute("ANALYZE")
    conn.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    conn.close()


def pending(conn: sqlite3.Connection, count: int) -> None:
    """That many timers, due in the far future."""
    conn.execute(
        f"{_ROWS} INSERT INTO timers SELECT 'main', 'OLD-' || n, 'stale', '',"
        " strftime('%Y-%m-%dT%H:%M:%S', '2036-01-01', '+' || n || ' seconds') || '.000000Z' FROM some",
        (count,),
    )
