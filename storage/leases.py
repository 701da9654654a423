"""What one instance at a time does, and which: a lease is had for some seconds, and again before they are over."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, bindparam, delete, text

from storage.columns import UNHEARD, Moment
from storage.schema_proof import leases

# Nobody has a lease for twice its length: then the clock was put back, and its holder may have been dead for hours.
_TAKE = """
INSERT INTO leases (workspace, name, holder, until) VALUES (:ws, :name, :holder, {until})
ON CONFLICT (workspace, name) DO UPDATE SET holder = excluded.holder, until = excluded.until
WHERE leases.holder = excluded.holder OR leases.until <= {now} OR leases.until > {too_far}
RETURNING holder
"""


def take(conn: Connection, ws: str, name: str, holder: str, now: datetime, seconds: float) -> bool:
    """Have the lease of that name for so many seconds from now on, or for so many more; False: another one has it.

    `holder` names the instance. PostgreSQL goes by its own clock, so that instances whose clocks differ agree; `now`
    (UTC) counts on SQLite only, where there is one machine and one clock.
    """
    given: dict[str, Any] = {"ws": ws, "name": name, "holder": holder}
    if conn.dialect.name == "postgresql":
        given["seconds"] = seconds
    else:
        length = timedelta(seconds=seconds)
        given |= {"now": now, "until": now + length, "too_far": now + 2 * length}
    return conn.execute(_BY_DIALECT[conn.dialect.name], given).first() is not None


def give_back(conn: Connection, ws: str, name: str, holder: str) -> None:
    """Let the next one have it at once; nothing happens where `holder` does not have it (any more)."""
    mine = (leases.c.workspace == ws, leases.c.name == name, leases.c.holder == holder)
    conn.execute(delete(leases).where(*mine))


def _later(seconds: str) -> str:
    # Not now(), which stands still while a transaction waits for the row.
    return f"clock_timestamp() + make_interval(secs => CAST({seconds} AS double precision))"


_BY_DIALECT = {
    "postgresql": text(
        _TAKE.format(now="clock_timestamp()", until=_later(":seconds"), too_far=_later("2 * :seconds"))
    ).execution_options(**UNHEARD),
    "sqlite": text(_TAKE.format(now=":now", until=":until", too_far=":too_far")).bindparams(
        *(bindparam(name, type_=Moment) for name in ("now", "until", "too_far"))
    ),
}
