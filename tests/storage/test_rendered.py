"""Statements that are rendered once give and keep what SQLAlchemy would: the same values, the same errors."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import Connection, bindparam, insert, select
from sqlalchemy.exc import IntegrityError

from storage.rendered import PARAMETERS, Rendered
from storage.schema import timers
from storage.schema_proof import pauses
from storage.store import Store

AT = datetime(2026, 3, 4, 16, 0, 0, 123, tzinfo=UTC)
_ADD = Rendered(insert(timers), timers.c.keys())
_OWN = Rendered(select(timers.c.item, timers.c.due_at).where(timers.c.workspace == bindparam("ws")))


def _row(n: int) -> dict[str, Any]:
    # a key that is too long for an index, and a character that PostgreSQL refuses
    return {"workspace": "main", "item": f"REF-{n}\0", "kind": "late", "subject": "", "due_at": AT + timedelta(days=n)}


async def test_many_rows_go_in_whatever_their_number_is(store: Store) -> None:
    """On PostgreSQL as INSERTs of several rows each: one more than fits in the first, and the first's number again."""
    fit = PARAMETERS // len(timers.c)
    await store.write(lambda conn: _ADD.run_each(conn, map(_row, range(fit + 1))))
    await store.write(lambda conn: _ADD.run_each(conn, map(_row, range(fit + 1, 2 * fit + 1))))
    found = await store.read(lambda conn: _OWN.rows(conn, {"ws": "main"}))
    assert sorted(tuple(row) for row in found) == sorted(
        (f"REF-{n}\u2400", AT + timedelta(days=n)) for n in range(2 * fit + 1)
    )
    assert {row.due_at.tzinfo for row in found} == {UTC}


async def test_what_a_constraint_refuses_is_refused_in_the_same_way(store: Store) -> None:
    def twice(conn: Connection) -> None:
        _ADD.run_each(conn, [_row(1), _row(1)])

    with pytest.raises(IntegrityError):
        await store.write(twice)


async def test_values_come_back_as_their_columns_have_them(store: Store) -> None:
    """A boolean is none of 0 and 1, whatever the engine keeps."""
    row = {"workspace": "main", "workflow": "", "since": AT, "by": "dana", "because": "", "drill": True}
    await store.write(lambda conn: Rendered(insert(pauses), list(row)).run(conn, row))
    wanted = Rendered(select(pauses.c.drill, pauses.c.since, pauses.c.ended_at).where(pauses.c.by == bindparam("by")))
    (found,) = await store.read(lambda conn: wanted.rows(conn, {"by": "dana"}))
    assert (found.drill is True, found.since, found.ended_at) == (True, AT, None)


async def test_a_list_of_any_length_is_not_rendered_once(store: Store) -> None:
    wanted = Rendered(select(timers.c.item).where(timers.c.item.in_(bindparam("items", expanding=True))))
    with pytest.raises(TypeError, match="a list of any length"):
        await store.read(lambda conn: wanted.rows(conn, {"items": ["REF-1"]}))
