"""What the watchdog put right is on the item's record: its due times had got lost, and are as its rules give them."""

from __future__ import annotations

from rules.draft import DOCKET, Draft
from rules.items import Item
from rules.own_events import Mended
from rules.ruling import Ruling, World


def mend(event: Mended, world: World, item: Item | None) -> Ruling:
    """The entry alone: with each entry the desk makes an item's due times what its rules give (bot/recording.py)."""
    if item is None or item.closed_at is not None:
        return Ruling(ignored="there is nothing to mend")
    draft = Draft(world, event, world.book_of(item.rulebook).workflows[item.workflow], item.key, item)
    draft.record("mended", {"what": "due times"}, by=DOCKET)
    return draft.ruling()
