"""Why too many handoffs stopped an item, in a sentence."""

from __future__ import annotations

from rules.book.rulebook import Workflow
from rules.bouncing import counted, excess
from rules.items import Item, Trouble
from rules.messages import Line, Who


def too_many(item: Item, trouble: Trouble, workflow: Workflow) -> Line:
    """`Dana and Finn passed it back and forth 3 times`, or how often it changed hands and how often it may."""
    rule = workflow.handoffs
    found = excess(counted(item, trouble.code, trouble.handoffs), rule) if rule else None
    if rule is None or found is None:
        return ("it changed hands too often",)
    if found.between is not None:
        giver, receiver = found.between
        return (Who(giver), " and ", Who(receiver), f" passed it back and forth {found.count} times")
    return (f"it changed hands {found.count} times, {rule.at_most} are expected at most",)
