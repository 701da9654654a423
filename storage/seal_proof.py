"""Proves the seals from the database alone: every root, the chain, and that nothing sealed is gone or has changed."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from operator import attrgetter

from sqlalchemy import Connection, and_, exists, func, select

from storage.merkle import SHORT, root_of, sealed_hash, short
from storage.schema import ledger
from storage.schema_proof import sealed, seals


@dataclass(frozen=True, slots=True, kw_only=True)
class Head:
    """Where the chain of seals ends: how many, over how many entries, the newest one's hash; what is not sealed yet."""

    seals: int
    entries: int
    hash: str
    unsealed: int
    unsealed_since: datetime | None


def check_seals(conn: Connection, ws: str, expected: Sequence[str] = ()) -> tuple[Head, list[str]]:
    """The head, and what is broken, in a sentence each.

    `expected` are beginnings of hashes as digests show them (`9c41-77ab`): each must stand in the chain, which is how a
    chain is found out whose newest seals were cut off or that was made anew. Entries' own hashes are check_chain's.
    """
    broken: list[str] = []
    hashes, counted = _chain(conn, ws, broken)
    broken += _roots(conn, ws)
    broken += _twice(conn, ws)
    broken += [problem for each in expected if (problem := _lacking(each, hashes))]
    missing = ~exists().where(
        sealed.c.workspace == ledger.c.workspace, sealed.c.item == ledger.c.item, sealed.c.seq == ledger.c.seq
    )
    count, since = conn.execute(
        select(func.count(), func.min(ledger.c.at)).where(ledger.c.workspace == ws, missing)
    ).one()
    head = Head(
        seals=len(hashes), entries=counted, hash=hashes[-1] if hashes else "", unsealed=count, unsealed_since=since
    )
    return head, broken


def _chain(conn: Connection, ws: str, broken: list[str]) -> tuple[list[str], int]:
    """The seals' hashes in their order and the sum of their entries; what is wrong with them goes into `broken`."""
    hashes: list[str] = []
    counted, number, prev = 0, 0, ""
    for row in conn.execute(select(seals).where(seals.c.workspace == ws).order_by(seals.c.n)):
        if row.n != number + 1:
            gone = f"seal {row.n - 1} is" if row.n == number + 2 else f"seals {number + 1} to {row.n - 1} are"
            broken.append(f"{gone} missing.")
        elif sealed_hash(prev, ws, row.n, row.at, row.entries, row.root) != row.hash:
            broken.append(f"seal {row.n} is not as it was made.")
        number, prev = row.n, row.hash
        hashes.append(row.hash)
        counted += row.entries
    return hashes, counted


def _roots(conn: Connection, ws: str) -> Iterator[str]:
    """Each seal's entries hashed again; a seal's rows are read together, which are some thousands at most."""
    own = and_(ledger.c.workspace == sealed.c.workspace, ledger.c.item == sealed.c.item, ledger.c.seq == sealed.c.seq)
    rows = conn.execute(
        select(sealed.c.seal, sealed.c.item, sealed.c.seq, ledger.c.hash)
        .outerjoin_from(sealed, ledger, own)
        .where(sealed.c.workspace == ws)
        .order_by(sealed.c.seal),
        execution_options={"yield_per": 1000},
    )
    made = {row.n: row for row in conn.execute(select(seals.c.n, seals.c.entries, seals.c.root))}
    for n, group in groupby(rows, attrgetter("seal")):
        entries = sorted((row.item, row.seq, row.hash) for row in group)
        seal = made.pop(n, None)
        if seal is None:
            yield f"seal {n} is missing, but {len(entries)} entries are sealed by it."
            continue
        gone = [(item, seq) for item, seq, hash in entries if hash is None]
        for item, seq in gone:
            yield f"{item or _RECORD}: entry {seq} is missing; seal {n} covers it."
        if len(entries) != seal.entries:
            yield f"seal {n} covers {seal.entries} entries, but {len(entries)} name it."
        elif not gone and _root([hash for _, _, hash in entries]) != seal.root:
            yield f"seal {n}: its entries are not those that were sealed."
    for n in sorted(made):
        yield f"seal {n} covers {made[n].entries} entries, but none names it."


def _root(hashes: Sequence[str]) -> str:
    try:
        return root_of(hashes)
    except ValueError:  # somebody wrote into a hash what is none
        return ""


def _twice(conn: Connection, ws: str) -> Iterator[str]:
    """The primary key refuses it; whoever took that away is found out."""
    rows = conn.execute(
        select(sealed.c.item, sealed.c.seq)
        .where(sealed.c.workspace == ws)
        .group_by(sealed.c.item, sealed.c.seq)
        .having(func.count() > 1)
        .order_by(sealed.c.item, sealed.c.seq)
    )
    for row in rows:
        yield f"{row.item or _RECORD}: entry {row.seq} is sealed more than once."


def _lacking(expected: str, hashes: Sequence[str]) -> str | None:
    wanted = expected.replace("-", "").lower()
    if any(each.startswith(wanted) for each in hashes):
        return None
    head = f"the newest of {len(hashes)} is {short(hashes[-1])}" if hashes else "there is none at all"
    return f"there is no seal {expected}: {head}. The record ends before it, or is not the one that it was given for."


def readable(expected: str) -> bool:
    """Whether somebody's words are the beginning of a seal's hash: its short form, or more of it."""
    said = expected.replace("-", "").lower()
    return SHORT <= len(said) <= 64 and all(each in "0123456789abcdef" for each in said)


_RECORD = "the rulebook's own record"
