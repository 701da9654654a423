"""A changed copy of an item is what `dataclasses.replace` would make of it."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from rules.altering import altered
from rules.items import Item, Source

ITEM = Item(
    key="REF-1", workspace="main", workflow="refunds", rulebook="1", title="t", text="x", requester="slack:U1",
    source=Source(channel="slack", place="C1"), opened_at=datetime(2026, 3, 4, 16, 0, tzinfo=UTC), fields={"a": "b"},
)  # fmt: skip


def test_it_is_the_same_copy() -> None:
    assert altered(ITEM, owner="dana", version=3) == replace(ITEM, owner="dana", version=3)
    assert (ITEM.owner, ITEM.version) == ("", 0)


def test_a_name_that_an_item_has_not_is_a_mistake() -> None:
    with pytest.raises(TypeError, match="ownr"):
        altered(ITEM, ownr="dana")
