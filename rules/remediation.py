"""Remediation: a code that keeps being raised has a cause, and somebody who mends it, by a day, with proof.

The exception's rule names that person (`remediation`) and how often is too often (`repeats`). What they get is an item
of its own, once a period: not while one for the same cause is open, nor sooner than `within` after the last one.
"""

from __future__ import annotations

from rules.book.rulebook import ExceptionRule
from rules.draft import Draft
from rules.ruling import Raised
from rules.timing import work_calendar

#: So many keys are named; the count says how many there are.
NAMED_AT_MOST = 20
#: More than so many are not counted one by one.
COUNTED_AT_MOST = 2_000


def watch(draft: Draft, rule: ExceptionRule) -> None:
    """The draft's item has just raised `rule`'s code: open a remediation where that was once too often."""
    repeats = rule.repeats
    if repeats is None or rule.remediation is None or draft.workflow.private:
        return
    name, code = draft.workflow.name, rule.code
    calendar = work_calendar(draft.book, draft.workflow)

    def counts(each: Raised) -> bool:
        return calendar.add(each.at, repeats.within) > draft.now

    # Most raise no alarm: so many before this one would have to lie within the time.
    enough = draft.world.raised(name, code, repeats.above)
    if len(enough) < repeats.above or not counts(enough[-1]):
        return
    cause = f"repeats:{name}/{code}"
    last = draft.world.latest(cause)
    if last is not None and (last.closed_at is None or calendar.add(last.opened_at, repeats.within) > draft.now):
        return
    within = [each for each in draft.world.raised(name, code, COUNTED_AT_MOST) if counts(each)]
    count = len(within) + 1
    within.sort(key=lambda each: (each.at, len(each.item), each.item))
    keys = list(dict.fromkeys([*(each.item for each in within), draft.key]))
    more = f" and {len(keys) - NAMED_AT_MOST} more" if len(keys) > NAMED_AT_MOST else ""
    listed = ", ".join(keys[-NAMED_AT_MOST:]) + more
    often = f"{code} was raised {count} times within {repeats.within}"
    draft.start(
        "",
        "remediation",
        title=f"{often} ({name})",
        text=f"{often} in {name}: {rule.means} On {listed}. Mend what makes it happen, not the single cases.",
        fields={"workflow": name, "code": code, "items": listed},
        owner=rule.remediation,
        cause=cause,
    )
