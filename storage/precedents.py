"""Decided cases, by code, in the order in which they were decided."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, literal_column, select

from storage.schema import exceptions


@dataclass(frozen=True, slots=True, kw_only=True)
class DecidedCase:
    """The `n`th exception of an item, decided at `at` (UTC), in the words that cases are compared by."""

    item: str
    n: int
    at: datetime
    likeness: str


def decided(
    conn: Connection, ws: str, workflow: str, code: str, since: datetime | None, most: int
) -> Iterator[DecidedCase]:
    """The decisions under a code from `since` on (None: the newest `most`), oldest first."""
    wanted = (
        select(exceptions.c.item, exceptions.c.n, exceptions.c.ended_at.label("at"), exceptions.c.likeness)
        .where(
            exceptions.c.workspace == ws, exceptions.c.workflow == workflow, exceptions.c.code == code,
            literal_column("likeness IS NOT NULL"),
        )
        .order_by(exceptions.c.ended_at.desc())
        .limit(most)
    )  # fmt: skip
    if since is not None:
        wanted = wanted.where(exceptions.c.ended_at >= since)
    return (DecidedCase(**row._mapping) for row in reversed(conn.execute(wanted).all()))
