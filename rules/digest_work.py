"""Work that does not get on: silent for long, going back and forth, sent back, handed over and not accepted."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final

from rules.book.rulebook import Handoffs, Workflow
from rules.bouncing import Excess, counted, excess
from rules.items import Handoff, Item

#: Two people who passed an item to each other so often each way, before a rulebook's own limit is reached.
BOUNCES: Final = 2
#: Where the rulebook names no limit.
_HANDOFFS: Final = Handoffs(at_most=6, bounces=BOUNCES, then="")
_LONG: Final = timedelta(days=1)


def long_ago(since: datetime, now: datetime) -> datetime:
    """Before when (UTC) silence is told of: since the digest before, and a day at least."""
    return min(since, now - _LONG)


def silent(items: Iterable[Item], before: datetime) -> list[tuple[Item, datetime]]:
    """What nothing was heard of since `before` (UTC), with since when, the longest first; what waits is no silence."""
    found = [(item, item.touched_at or item.opened_at) for item in items if not item.open_trouble()]
    return sorted(
        (pair for pair in found if pair[1] < before), key=lambda pair: (pair[1], len(pair[0].key), pair[0].key)
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Passing:
    """How an item goes from hand to hand: too often, sent back (the last time), not accepted."""

    item: Item
    excess: Excess | None
    back: Handoff | None
    waits: Handoff | None


def passing(item: Item, workflow: Workflow, since: datetime, before: datetime) -> Passing | None:
    """What is wrong with an item's handoffs, as far as it happened since `since`, or waits since `before` (UTC)."""
    if not item.handoffs:
        return None
    rule = workflow.handoffs or _HANDOFFS
    lately = item.handoffs[-1].at >= since
    moves = counted(item, rule.then)
    found = excess(moves, replace(rule, bounces=min(rule.bounces, BOUNCES))) if lately else None
    back = next((handoff for handoff in reversed(item.returns) if handoff.at >= since), None)
    waits = item.unaccepted if item.unaccepted is not None and item.unaccepted.at < before else None
    if found is None and back is None and waits is None:
        return None
    return Passing(item=item, excess=found, back=back, waits=waits)
