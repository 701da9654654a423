"""The words of the exception lane: a row for each thing that waits, on its board as in lists, and the board itself."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime

from rules.board import Waiting, WorkflowOf
from rules.book.rulebook import Workflow
from rules.items import Item, Trouble
from rules.messages import Line, Message, Row, Section, Strong, When, Who
from rules.wording.approvals import coded, counted, verb
from rules.wording.standing import called

#: On the board stand so many; whoever wants all of them asks for them.
ROWS = 20
NOTHING = "No exception is open. They come when a stop rule fires or somebody raises one."


def waiting_row(trouble: Trouble, item: Item, workflow: Workflow, now: datetime) -> Row:
    """What waits, for whom, since when, until when, and what each hour of it costs; no time in it ages."""
    over = " · overdue since " if trouble.due_at <= now else f" · {verb(trouble).lower()} by "
    cost = workflow.cost_of_delay
    line: Line = (
        *called(item, workflow),
        f" · {coded(trouble)} · ",
        Who(trouble.owner),
        " · since ",
        When(trouble.opened_at),
        over,
        When(trouble.due_at),
        f" · {cost[0]} {cost[1]} a {cost[2]}" if cost else "",
    )
    return Row(line=tuple(part for part in line if part))


def board(found: Sequence[Waiting], workflow_of: WorkflowOf, now: datetime) -> Message:
    """The board as it stands at `now` (UTC): of what was found, in its order, the first rows and how many more."""
    if not found:
        return Message(subject="Exceptions", headline=(NOTHING,))
    rows = tuple(waiting_row(trouble, item, workflow_of(item), now) for trouble, item in found[:ROWS])
    more = len(found) - len(rows)
    return Message(
        subject="Exceptions",
        headline=(Strong(counted(trouble for trouble, _ in found)), ", by deadline"),
        sections=(Section(heading="", rows=rows, rest=f"and {more} more: `/docket exceptions`" if more else ""),),
    )


def taken_down(newer: date) -> Message:
    """What is left of a board when a newer one hangs below it."""
    said = f"The list goes on below, in the one of {newer:%A, %B} {newer.day}."
    return Message(subject="Exceptions", headline=(said,))
