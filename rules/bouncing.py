"""How often an item changed hands and between whom, when that is too often, and where it came from.

`handoffs: {at_most, bounces, then}` of the rulebook: a change of hands above `at_most`, and the `bounces`-th time that
it came back between the same two people, each open the exception `then`. Approving that begins both counts anew; a
rejection that leaves the item open does not, so the next change of hands asks again.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from rules.book.rulebook import Handoffs, Workflow
from rules.items import Handoff, Item

#: Why an exception is here that too many handoffs opened: it stands where the rule of others stands.
TOO_MANY: Final = "handoffs"


@dataclass(frozen=True, slots=True)
class Excess:
    """`count` changes of hands, above what is allowed; or so many times back and forth, `between` two people."""

    count: int
    between: tuple[str, str] | None = None


def counted(item: Item, code: str, upto: int | None = None) -> tuple[Handoff, ...]:
    """The first `upto` handoffs (None: all) without those that are settled: somebody let it go on after them."""
    over = (t for t in item.exceptions if t.because == TOO_MANY and t.code == code)
    let_go = (t.handoffs for t in over if t.state in ("approved", "bypassed"))
    settled = (number for number in let_go if upto is None or number < upto)
    return item.handoffs[max(settled, default=0) : upto]


def excess(handoffs: Sequence[Handoff], rule: Handoffs) -> Excess | None:
    """By how much these are too many; None: they are not."""
    changes = [(h.passed_from, h.to) for h in handoffs if h.passed_from != h.to]
    ways = Counter(changes)
    for giver, receiver in reversed(changes):
        both_ways = min(ways[giver, receiver], ways[receiver, giver])
        if both_ways >= rule.bounces:
            return Excess(both_ways, (giver, receiver))
    return Excess(len(changes)) if len(changes) > rule.at_most else None


def came_from(item: Item, workflow: Workflow) -> tuple[str, str] | None:
    """The stage and the person that whoever has an item would send it back to; None: nobody handed it over."""
    standing: list[Handoff] = []
    for handoff in item.handoffs:
        if not handoff.back:
            standing.append(handoff)
        elif standing and (standing[-1].left, standing[-1].stage) == (handoff.stage, handoff.left):
            standing.pop()
    if standing and standing[-1].stage == item.stage:
        return standing[-1].left, standing[-1].passed_from
    names = [stage.name for stage in workflow.stages]
    at = names.index(item.stage) if item.stage in names else 0
    return (names[at - 1], item.owner) if at > 0 else None  # it went on without a change of hands
