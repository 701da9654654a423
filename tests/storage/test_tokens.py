"""Tokens on the shelves: whose letter one names, and that it is used once."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

import pytest
from sqlalchemy import text

from rules.notices import DecisionCard
from storage import outbox, tokens
from storage.failures import Conflict
from storage.store import Store

NOW = datetime(2026, 3, 4, 16, 0, tzinfo=UTC)
CARD = DecisionCard(item="REF-1", to="lee", code="OVER_LIMIT", opened_at="2026-03-04T16:00:00Z")


async def test_a_token_names_the_notice_that_went_out_with_it(store: Store) -> None:
    put = await store.write(lambda conn: outbox.put(conn, "main", "mail:lee@harbor.example", CARD, NOW))
    found = await store.read(lambda conn: tokens.issued(conn, "main", put))
    assert found == tokens.Issued(notice=CARD, created_at=NOW, spent=False)
    assert await store.read(lambda conn: tokens.issued(conn, "other", put)) is None
    assert await store.read(lambda conn: tokens.issued(conn, "main", "019cb993-dbe8-79da-a5e3-a58a1f23aad5")) is None


async def test_it_is_spent_once_also_by_two_instances(opened: Callable[[], Store]) -> None:
    first, second = opened(), opened()
    put = await first.write(lambda conn: outbox.put(conn, "main", "mail:lee@harbor.example", CARD, NOW))
    await first.write(lambda conn: tokens.spend(conn, "main", put, NOW, "mail:1"))
    found = await second.read(lambda conn: tokens.issued(conn, "main", put))
    assert found is not None
    assert found.spent
    with pytest.raises(Conflict):
        await second.write(lambda conn: tokens.spend(conn, "main", put, NOW, "mail:2"))


async def test_a_notice_of_another_program_names_nothing(store: Store) -> None:
    put = await store.write(lambda conn: outbox.put(conn, "main", "mail:lee@harbor.example", CARD, NOW))
    unknown = text('UPDATE outbox SET notice = \'{"kind": "Later"}\'')
    await store.write(lambda conn: conn.execute(unknown))
    assert await store.read(lambda conn: tokens.issued(conn, "main", put)) is None
