"""A changed copy of an item, quickly: each entry of a take makes one, of some sixty values."""

from __future__ import annotations

from typing import Any

from rules.items import Item


def altered(item: Item, **values: Any) -> Item:
    """`dataclasses.replace`, which takes 13 µs for an item where this takes 0.6. TypeError for a name it has not."""
    if not values.keys() <= item.__dict__.keys():
        raise TypeError(f"an item has no {', '.join(sorted(values.keys() - item.__dict__.keys()))}")
    copy = object.__new__(Item)
    copy.__dict__.update(item.__dict__, **values)
    return copy
