"""Every move that an item and an exception can make, in two tables; the record refuses any other.

A state is derived from its causes (items.Item.state), an entry is what moves it. So a move is an entry's kind with the
state before and after. `evolve` checks each against these tables: an illegal move changes nothing and says so, and the
diagrams in docs/architecture.md are drawn from them.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from rules.items import State, TroubleState
from rules.runs import StepState

Move = tuple[State, State]

#: Which entries move an item, and from where to where. Kinds that are not named here leave the state as it is.
ITEM_MOVES: Final[Mapping[str, frozenset[Move]]] = {
    "filled": frozenset({("waiting", "open")}),
    "conflicted": frozenset({("open", "waiting")}),
    "demand_dropped": frozenset({("waiting", "open")}),
    "restored": frozenset({("open", "waiting"), ("waiting", "open")}),
    "raised": frozenset({("open", "blocked"), ("waiting", "blocked")}),
    "decided": frozenset({("blocked", "open"), ("blocked", "waiting")}),
    "voided": frozenset({("blocked", "open"), ("blocked", "waiting")}),
    "bypassed": frozenset({("blocked", "open"), ("blocked", "waiting")}),
    "changes_asked": frozenset({("blocked", "waiting")}),
    "entered": frozenset({("waiting", "open")}),
    "closed": frozenset({("open", "closed"), ("waiting", "closed"), ("blocked", "closed")}),
    "reopened": frozenset({("closed", "open"), ("closed", "waiting")}),
}

#: What may still be recorded on a closed item: people go on talking, proofs come late, and it can be opened again.
WHEN_CLOSED: Final[frozenset[str]] = frozenset(
    {
        "attached",
        "edited",
        "deleted",
        "evidenced",
        "reopened",
        "threaded",
        "failed",
        "looked",
        "refused",
        "disavowed",
        "bounced",
        "released",
        "dropped",
        "linked",
        "told",
    }
)

#: What makes no sense where it changes nothing: an open item is not opened again.
ENDS: Final[frozenset[str]] = frozenset({"closed", "reopened"})

#: Which entries move an exception. A decision is final but for `voided`, the values it rested on have changed, and
#: `disavowed`, the person in whose name it came says that it was not theirs.
TROUBLE_MOVES: Final[Mapping[str, frozenset[tuple[TroubleState, TroubleState]]]] = {
    "decided": frozenset({("open", "approved"), ("open", "rejected")}),
    "bypassed": frozenset({("open", "bypassed")}),
    "voided": frozenset({("open", "void"), ("approved", "void"), ("rejected", "void")}),
    "changes_asked": frozenset({("open", "void")}),
    "disavowed": frozenset({("approved", "void"), ("rejected", "void")}),
}

#: How a step of a checklist is ticked. What failed or is blocked may be ticked so again, when its exception is over.
STEP_MOVES: Final[frozenset[tuple[StepState, StepState]]] = frozenset(
    {
        ("open", "passed"),
        ("open", "failed"),
        ("open", "blocked"),
        ("passed", "open"),
        ("passed", "failed"),
        ("passed", "blocked"),
        ("failed", "open"),
        ("failed", "passed"),
        ("failed", "failed"),
        ("failed", "blocked"),
        ("blocked", "open"),
        ("blocked", "passed"),
        ("blocked", "failed"),
        ("blocked", "blocked"),
    }
)


def legal(kind: str, before: State, after: State) -> bool:
    """Whether an entry of `kind` may take an item from `before` to `after`."""
    if before == "closed" and kind not in WHEN_CLOSED:
        return False
    if before == after:
        return kind not in ENDS
    return (before, after) in ITEM_MOVES.get(kind, frozenset())


def diagram(moves: Mapping[str, frozenset[tuple[str, str]]], first: Mapping[str, str]) -> str:
    """A table of moves as a Mermaid state diagram; `first` maps the states it can begin in to how."""
    lines = ["stateDiagram-v2"]
    lines += [f"    [*] --> {state}: {how}" for state, how in first.items()]
    by_pair: dict[tuple[str, str], list[str]] = {}
    for kind, pairs in moves.items():
        for pair in pairs:
            by_pair.setdefault(pair, []).append(kind)
    lines += [f"    {a} --> {b}: {', '.join(sorted(kinds))}" for (a, b), kinds in sorted(by_pair.items())]
    return "\n".join(lines)
