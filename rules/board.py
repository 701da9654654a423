"""The exception lane: all that waits for somebody's decision, together and apart from routine work, in its own order.

The rulebook's `lane` names the channel where it hangs as a board: one message, edited at every change, and a new one
with the first change of each day, so that it does not drown in what is said there. Private work is on no board.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import date, datetime
from decimal import Decimal
from typing import Final
from zoneinfo import ZoneInfo

from rules.book.durations import UNITS, Duration
from rules.book.rulebook import Rulebook, Workflow
from rules.entries import Entry
from rules.items import Item, Trouble

Waiting = tuple[Trouble, Item]
WorkflowOf = Callable[[Item], Workflow]

#: Entries by which what waits becomes another list, and those by which a row of it reads differently.
_CHANGES: Final = frozenset({"raised", "decided", "voided", "disavowed", "bypassed", "reassigned", "escalated"})
_REWORDS: Final = frozenset({"filled", "threaded"})
_HOUR: Final = Decimal(3600)
_SECONDS: Final[Mapping[str, int]] = {unit: Duration(1, unit).unit_seconds for unit in UNITS}
#: What a business day costs is spread over the hours of one, not over a night.
_BUSINESS_DAY: Final = Decimal(8 * 3600)


def waiting(items: Iterable[Item], book: Rulebook, workflow_of: WorkflowOf) -> list[Waiting]:
    """Every open exception and approval of these items: what is due first, of several the costliest, then by key."""
    found = [(trouble, item) for item in items for trouble in item.open_trouble()]

    def order(pair: Waiting) -> tuple[datetime, Decimal, int, str]:
        trouble, item = pair
        cost = cost_an_hour(workflow_of(item), book.currency)
        # People read and are held to minutes; what was opened seconds apart is due at the same time.
        return (trouble.due_at.replace(second=0, microsecond=0), -cost, len(item.key), item.key)

    return sorted(found, key=order)


def cost_an_hour(workflow: Workflow, currency: str) -> Decimal:
    """What an hour of delay costs in the organization's currency; 0 where that is not known: rates are not ours."""
    if workflow.cost_of_delay is None or workflow.cost_of_delay[1] != currency:
        return Decimal(0)
    amount, _, unit = workflow.cost_of_delay
    if unit == "business day":
        return amount * _HOUR / _BUSINESS_DAY
    return amount * _HOUR / _SECONDS[unit]


def concerned(entries: Iterable[Entry], items: Mapping[str, Item], workflow_of: WorkflowOf) -> bool:
    """Whether these entries change what the board says; `items` are theirs as they stand after them, by key."""
    for entry in entries:
        item = items.get(entry.item)
        if item is None or workflow_of(item).private:
            continue
        if entry.kind in _CHANGES or (entry.kind in _REWORDS and item.open_trouble()):
            return True
    return False


def board_day(book: Rulebook, now: datetime) -> date:
    """The day whose board hangs at `now` (UTC): the organization's own."""
    return now.astimezone(ZoneInfo(book.timezone)).date()
