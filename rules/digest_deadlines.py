"""Which deadlines a digest tells of: what waits for its reader, what broke a promise, what will break one today."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

from rules.board import Waiting, WorkflowOf, cost_an_hour, waiting
from rules.book.rulebook import Rulebook
from rules.items import Item, Trouble
from rules.pauses import Pause, covering
from rules.people import may_decide, zone_of


@dataclass(frozen=True, slots=True, kw_only=True)
class Deadline:
    """Until when (UTC) an item's stage is to be done, or an exception or approval of it (`trouble`) answered."""

    item: Item
    due_at: datetime
    trouble: Trouble | None = None


@dataclass(slots=True, kw_only=True)
class Deadlines:
    """Each open exception and each running stage in one of these lists, or in none where its time is not near.

    `yours`: what the reader may decide. `lane`: the exceptions of others whose time is not over today. `codes`: all
    exceptions of the work, listed or not, in the lane's order. `reviews`: post-reviews of others that are overdue.
    """

    yours: list[Waiting] = field(default_factory=list)
    broken: list[Deadline] = field(default_factory=list)
    today: list[Deadline] = field(default_factory=list)
    lane: list[Waiting] = field(default_factory=list)
    codes: list[Trouble] = field(default_factory=list)
    reviews: list[Item] = field(default_factory=list)


def deadlines(
    work: Iterable[Item],
    ours: Iterable[Item],
    reader: str,
    book: Rulebook,
    workflow_of: WorkflowOf,
    now: datetime,
    pauses: Sequence[Pause] = (),
) -> Deadlines:
    """What is due for whom at `now` (UTC), "today" in the reader's zone; in each list what is due first comes first.

    `ours` are the bot's own failures: those that the reader may decide are theirs, the others have their own list.
    """
    found = Deadlines()
    work = list(work)
    zone = ZoneInfo(zone_of(book, reader))
    day = now.astimezone(zone).date()

    def sort(deadline: Deadline) -> None:
        ran = _ran_until(deadline.item, workflow_of, pauses, now)
        if deadline.due_at < ran:
            found.broken.append(deadline)
        elif ran == now and deadline.due_at.astimezone(zone).date() == day:
            found.today.append(deadline)
        elif deadline.trouble is not None:
            found.lane.append((deadline.trouble, deadline.item))

    for trouble, item in waiting([*work, *ours], book, workflow_of):
        flow = workflow_of(item)
        if flow.built_in != "docket":
            found.codes.append(trouble)
        if may_decide(trouble, reader, item.requester):
            found.yours.append((trouble, item))
        elif flow.built_in == "review" and trouble.due_at < now:
            found.reviews.append(item)
        elif flow.built_in != "docket":
            sort(Deadline(item=item, due_at=trouble.due_at, trouble=trouble))
    for item in work:
        stopped = item.clock_stopped_at
        if item.due_at is not None and (stopped is None or item.due_at < stopped):
            sort(Deadline(item=item, due_at=item.due_at))

    def order(deadline: Deadline) -> tuple[datetime, Decimal, int, str]:
        cost = cost_an_hour(workflow_of(deadline.item), book.currency)
        return (deadline.due_at.replace(second=0, microsecond=0), -cost, len(deadline.item.key), deadline.item.key)

    found.broken.sort(key=order)
    found.today.sort(key=order)
    codes = {code: n for n, code in enumerate(dict.fromkeys(trouble.code for trouble, _ in found.lane))}
    found.lane.sort(key=lambda pair: codes[pair[0].code])  # by code, in each the order of the lane
    return found


def _ran_until(item: Item, workflow_of: WorkflowOf, pauses: Sequence[Pause], now: datetime) -> datetime:
    """Up to when an item's deadlines ran: now, or the beginning of a pause in which they stand still."""
    pause = covering([pause for pause in pauses if not pause.drill], item.workflow) if pauses else None
    return pause.since if pause is not None and workflow_of(item).on_pause == "stand_still" else now
