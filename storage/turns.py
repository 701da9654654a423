"""Turns under a limit that several instances on one PostgreSQL keep together (SQLite has one, which needs no rows)."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence

from sqlalchemy import Connection, Row, bindparam, text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.types import Text

from storage.columns import UNHEARD

#: A name, how many turns it has at most, and in how many seconds.
Limit = tuple[str, int, float]

# In one order, so that two instances can't wait for each other's rows. Turns that a crash of the server forgets are
# over by the time it is back, so nobody waits for the disk. Not now(), which stands still while we wait for a row.
_FIND = text("""
SELECT name, given, shut_until, extract(epoch FROM clock_timestamp())::float8 AS now,
    set_config('synchronous_commit', 'off', true)
FROM turns WHERE workspace = :ws AND name = ANY(:names) ORDER BY name FOR UPDATE
""").bindparams(bindparam("names", type_=ARRAY(Text)))
_MAKE = text("""
INSERT INTO turns (workspace, name, given, shut_until) SELECT :ws, unnest, '[]', 0 FROM unnest(CAST(:names AS text[]))
ORDER BY 2 ON CONFLICT DO NOTHING
""").execution_options(**UNHEARD)
_KEEP = text(
    "UPDATE turns SET given = :given, shut_until = :shut_until WHERE workspace = :ws AND name = :name"
).execution_options(**UNHEARD)


def take(conn: Connection, ws: str, limits: Sequence[Limit], shut_seconds: Mapping[str, float]) -> float:
    """The next turn under all these limits, given away now; says in how many seconds it is.

    `shut_seconds`: for how much longer the caller was told to leave these names alone; then so does everybody.
    """
    rows = _rows(conn, ws, [name for name, _, _ in limits])
    now = max(row.now for row in rows.values())
    shut = {name: max(rows[name].shut_until, now + shut_seconds.get(name, 0.0)) for name, _, _ in limits}
    given = {name: json.loads(rows[name].given)[-most:] for name, most, _ in limits}
    free = [given[name][0] + seconds for name, most, seconds in limits if len(given[name]) == most]
    at = max(now, *shut.values(), *free)
    kept = [
        {
            "ws": ws,
            "name": name,
            "shut_until": shut[name],
            "given": json.dumps([*_lately(given[name], now - seconds), at]),
        }
        for name, _, seconds in limits
    ]
    conn.execute(_KEEP, kept)
    return float(at - now)


def _rows(conn: Connection, ws: str, names: Sequence[str]) -> Mapping[str, Row[tuple[str, str, float, float]]]:
    found = {row.name: row for row in conn.execute(_FIND, {"ws": ws, "names": list(names)})}
    if len(found) < len(names):
        conn.execute(_MAKE, {"ws": ws, "names": list(names)})
        found = {row.name: row for row in conn.execute(_FIND, {"ws": ws, "names": list(names)})}
    return found


def _lately(given: Sequence[float], since: float) -> list[float]:
    """Without the turns that stand in nobody's way any more."""
    return [at for at in given if at > since]
