"""Everything that is due for one person, in one message: each with its deadline first and its buttons."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from rules import notices
from rules.book.rulebook import Rulebook, Workflow
from rules.items import Item
from rules.messages import Action, Line, Message, Row, Section, Strong, Who
from rules.people import may_decide, zone_of
from rules.timing import clock_time
from rules.wording import approvals
from rules.wording.lines import subject_of, title, until
from rules.wording.passing import receiving
from rules.wording.standing import TITLE_CHARACTERS, short


def word_reminders(
    waiting: Sequence[tuple[notices.Reminder, Item, Workflow]], book: Rulebook, now: datetime
) -> Message | None:
    """One message for all that is due for one person, most urgent first; None when all was done meanwhile."""
    rows: dict[tuple[str, str], tuple[datetime, Row, str]] = {}
    for notice, item, workflow in waiting:
        if (row := _reminder_row(notice, item, workflow, now)) is not None:
            open_now = item.open_trouble(notice.code) if notice.code else ()
            act = approvals.verb(open_now[0]).lower() if open_now else item.stage
            by = clock_time(row[0], zone_of(book, notice.to), now)
            rows[(item.key, notice.code)] = (*row, f"{act} by {by}: {subject_of(item, workflow)} [{item.key}]")
    ordered = sorted(rows.values(), key=lambda row: row[0])
    if not ordered:
        return None
    count = "One thing waits for you" if len(ordered) == 1 else f"{len(ordered)} things wait for you"
    subject = f"Reminder, {ordered[0][2]}" if len(ordered) == 1 else f"{count}, first: {ordered[0][2]}"
    section = Section(heading="", rows=tuple(row for _, row, _ in ordered))
    return Message(subject=subject, headline=(Strong(count),), sections=(section,))


def _reminder_row(
    notice: notices.Reminder, item: Item, workflow: Workflow, now: datetime
) -> tuple[datetime, Row] | None:
    if isinstance(notice, notices.Late):
        return _late_row(item, workflow, now)
    if notice.code:
        open_now = item.open_trouble(notice.code)
        if not open_now or not may_decide(open_now[0], notice.to, item.requester):
            return None
        trouble = open_now[0]
        act = approvals.verb(trouble).lower()
        line: Line = (
            Strong(item.key),
            f"  {act} by " if trouble.due_at > now else f"  {act} now, it was due ",
            *until(trouble.due_at, now),
            f" · {short(title(item, workflow), TITLE_CHARACTERS)} · {approvals.coded(trouble)}",
        )
        return trouble.due_at, Row(
            line=line,
            actions=(
                Action(verb="approve", label="Approve", item=item.key, code=trouble.code, style="primary"),
                Action(verb="reject", label="Reject", item=item.key, code=trouble.code, style="danger"),
                Action(verb="snooze", label="Snooze", item=item.key, code=trouble.code),
            ),
        )
    if item.state != "open" or item.owner != notice.to or item.due_at is None:
        return None
    line = (
        Strong(item.key),
        f"  {item.stage} by " if item.due_at > now else f"  {item.stage} was due ",
        *until(item.due_at, now),
        f" · {short(title(item, workflow), TITLE_CHARACTERS)}",
    )
    if (waiting := item.unaccepted) is not None:
        line = (*line, " · handed over by ", Who(waiting.passed_from), ", not accepted yet")
    return item.due_at, Row(
        line=line,
        actions=(
            *(receiving(item) or (Action(verb="ack", label="I'm on it", item=item.key),)),
            Action(verb="snooze", label="Snooze", item=item.key),
        ),
    )


def _late_row(item: Item, workflow: Workflow, now: datetime) -> tuple[datetime, Row] | None:
    """Of several at once each is a line; whose it is, for whoever hears of it as the backup or above."""
    if item.closed_at is not None or item.due_at is None:
        return None
    line: Line = (
        Strong(item.key), f"  overdue: {item.stage} was due ", *until(item.due_at, now),
        f" · {short(title(item, workflow), TITLE_CHARACTERS)} · ", Who(item.owner), " has it",
    )  # fmt: skip
    actions = (Action(verb="ack", label="I'm on it", item=item.key), Action(verb="show", label="Show", item=item.key))
    return item.due_at, Row(line=line, actions=actions)
