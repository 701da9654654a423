"""Seals over the record: which entries are not sealed yet, and a further seal over some of them (M142).

A seal names its entries by rows, not by a range of ids: a transaction that commits late, with an earlier time or a
smaller number, is in no seal's range, but simply not sealed yet, and falls into the next.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Select, and_, bindparam, exists, insert, select

from storage.merkle import root_of, sealed_hash, short
from storage.schema import ledger
from storage.schema_proof import sealed, seals

#: So many entries are sealed in one transaction at most: SQLite's one writer is away from intake for some 100 ms.
BATCH = 5_000
#: An entry that is committed so much later than it says is found when the whole record is looked through.
LATE = timedelta(hours=3)


@dataclass(frozen=True, slots=True, kw_only=True)
class Seal:
    """A link of the chain. `at` is UTC; `hash` covers all the rest and the hash of the seal before."""

    n: int
    at: datetime
    entries: int
    root: str
    hash: str

    @property
    def short(self) -> str:
        """How a digest names it."""
        return short(self.hash)


@dataclass(frozen=True, slots=True, kw_only=True)
class Unsealed:
    """Entries that no seal covers, as (item, seq, hash), to be sealed behind `last`; `more`: there may be others.

    The next look may begin at `reached`: before it, nothing was left.
    """

    last: Seal | None
    entries: Sequence[tuple[str, int, str]]
    reached: datetime | None
    more: bool


def newest(conn: Connection, ws: str, until: datetime | None = None) -> Seal | None:
    """The head of the chain; with `until`, of those that were made up to then."""
    wanted = select(seals).where(seals.c.workspace == ws)
    if until is not None:
        wanted = wanted.where(seals.c.at <= until)
    row = conn.execute(wanted.order_by(seals.c.n.desc()).limit(1)).one_or_none()
    return None if row is None else Seal(n=row.n, at=row.at, entries=row.entries, root=row.root, hash=row.hash)


def unsealed(conn: Connection, ws: str, since: datetime | None = None, *, whole: bool = False) -> Unsealed:
    """The next entries to be sealed, in the order of their times, at most BATCH. To be read on a snapshot.

    Looked for from `since` on, to where an earlier look of the same round had come; at first in the `whole` record, or
    only where a late commit can be.
    """
    last = newest(conn, ws)
    if since is None and last is not None and not whole:
        since = last.at - LATE
    if conn.dialect.name == "postgresql":
        # A plan that was kept from when hardly anything was sealed would read all of `sealed` for each entry.
        conn.exec_driver_sql("SET LOCAL plan_cache_mode = force_custom_plan")
    given: dict[str, Any] = {"ws": ws, "most": BATCH}
    rows = conn.execute(*((_ALL, given) if since is None else (_SINCE, {**given, "since": since}))).all()
    # in an order that no engine's collation has a say in
    found = sorted((row.item, row.seq, row.hash) for row in rows)
    reached = rows[-1].at if rows else since
    return Unsealed(last=last, entries=found, reached=reached, more=len(rows) == BATCH)


def seal(conn: Connection, ws: str, found: Unsealed, now: datetime) -> Seal | None:
    """Seal what was found; None where somebody else has sealed meanwhile: look again."""
    standing = newest(conn, ws)
    if standing != found.last:
        return None
    n, prev = (standing.n + 1, standing.hash) if standing else (1, "")
    count, root = len(found.entries), root_of([each for _, _, each in found.entries])
    made = Seal(n=n, at=now, entries=count, root=root, hash=sealed_hash(prev, ws, n, now, count, root))
    row = {"workspace": ws, "n": n, "at": now, "entries": count, "root": root, "hash": made.hash}
    conn.execute(_SEALS, row)
    conn.execute(_SEALED, [{"workspace": ws, "item": item, "seq": seq, "seal": n} for item, seq, _ in found.entries])
    return made


_SEALS = insert(seals)
_SEALED = insert(sealed)
_MISSING = select(ledger.c.workspace, ledger.c.item, ledger.c.seq, ledger.c.at).where(
    ledger.c.workspace == bindparam("ws"),
    ~exists().where(
        sealed.c.workspace == ledger.c.workspace, sealed.c.item == ledger.c.item, sealed.c.seq == ledger.c.seq
    ),
)


def _with_hashes(missing: Select[Any]) -> Select[Any]:
    """Of those, the first by time, with their hashes.

    The index over the times holds item and seq as well: an entry itself is read only where it is one of them.
    """
    found = missing.order_by(ledger.c.at).limit(bindparam("most")).subquery("found")
    own = ledger.alias("own")
    the_same = and_(own.c.workspace == found.c.workspace, own.c.item == found.c.item, own.c.seq == found.c.seq)
    return select(found.c.item, found.c.seq, found.c.at, own.c.hash).join(own, the_same).order_by(found.c.at)


_ALL = _with_hashes(_MISSING)
_SINCE = _with_hashes(_MISSING.where(ledger.c.at >= bindparam("since")))
