"""Handoffs: how a change of hands is recorded and told, and which flow begins where one ends.

An item that is handed over belongs to its receiver from that moment; accepting says that they take it as it is, and
working on it says so, too. What comes too often is stopped by rules/bouncing.py.
"""

from __future__ import annotations

from typing import Final

from rules.bouncing import TOO_MANY, counted, excess
from rules.draft import DOCKET, Draft
from rules.events import Verb
from rules.notices import Handed
from rules.stops import open_trouble

#: Whoever does one of these with what they were handed takes it as it is.
_WORK: Final[frozenset[Verb]] = frozenset({"ack", "next", "close", "evidence", "set", "tick"})


def hand(draft: Draft, passed_from: str, left: str, *, cause: str = "") -> None:
    """The item has a new owner or stage: record that it was handed over or, for a `cause`, sent back.

    The new owner gets one card with everything, unless they took it themselves.
    """
    item = draft.item
    facts = {"from": passed_from, "to": item.owner, "left": left, "stage": item.stage or ""}
    if cause:
        draft.record("returned", facts, {"cause": cause})
    else:
        draft.record("handed", {**facts, "taken": item.owner == draft.by})
    number = len(draft.item.handoffs)
    brought_up_to_date(draft, number - 1)
    if item.owner not in (draft.by, passed_from):
        who = draft.by if left == item.stage else passed_from
        draft.tell(Handed(item=draft.key, to=item.owner, passed_from=who, number=number))
    rule = draft.workflow.handoffs
    if rule is not None and excess(counted(draft.item, rule.then), rule) is not None:
        open_trouble(draft, rule.then, rule=TOO_MANY, raised_by=DOCKET)


def brought_up_to_date(draft: Draft, number: int) -> None:
    """Have the card of the item's handoff of that `number`, counted from 1, say what became of it."""
    if 0 < number <= len(draft.item.handoffs):
        to = draft.item.handoffs[number - 1].to
        draft.tell(Handed(item=draft.key, to=to, number=number, update=True))


def takes_up(draft: Draft, verb: Verb) -> bool:
    """Whether that deed says by itself that the item's receiver accepts what they were handed."""
    return verb in _WORK and draft.by == draft.item.owner and draft.item.unaccepted is not None


def go_on(draft: Draft) -> None:
    """The item is done: where the rulebook says so, the next flow begins, with the fields that are carried."""
    then = draft.workflow.close.then
    if then is None:
        return
    item = draft.item
    carried = {name: item.fields[name] for name in then.carry if name in item.fields}
    draft.start(then.open, "then", item.title, f"It goes on from {item.key}, which is done.", fields=carried)
