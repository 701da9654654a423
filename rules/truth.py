"""Whose word counts: which system owns which fact of a workflow, and where what it says differs from the item.

The rule is the rulebook's `source_of_truth` (area: system). A field belongs to the area that its `truth` names; else to
the area of its own name; else to the area of its type (`money` owns every amount). Where something stands (`status`)
belongs to the area `operational status`. Names are compared in any case.
"""

from __future__ import annotations

from typing import Final

from rules.book.rulebook import Workflow
from rules.elsewhere import Told
from rules.fields.showing import show
from rules.items import Item

#: The fact that says where something stands in a system, and the area that it belongs to.
STATUS: Final = "status"
OPERATIONAL: Final = "operational status"
#: How the sentence of a conflict begins: by it such an exception is known among others of its code.
DISAGREE: Final = "Two systems disagree: "

_ENDED: Final = frozenset({"closed", "done", "completed", "complete", "resolved", "finished", "rejected", "withdrawn"})
_RUNS: Final = frozenset({"open", "opened", "reopened", "in progress", "pending", "waiting"})


def area_of(workflow: Workflow, fact: str) -> str:
    """The area of `source_of_truth` that a fact belongs to; "" where the rulebook names none."""
    field = workflow.fields.get(fact)
    wanted = (field.truth, field.name, field.type) if field else (OPERATIONAL,) if fact == STATUS else ()
    areas = {_folded(area): area for area in workflow.source_of_truth}
    return next((areas[_folded(name)] for name in wanted if name and _folded(name) in areas), "")


def owns(workflow: Workflow, fact: str, system: str) -> bool:
    """Whether it is that system whose word on this fact counts."""
    area = area_of(workflow, fact)
    return bool(area) and _folded(workflow.source_of_truth[area]) == _folded(system)


def differing(item: Item, workflow: Workflow) -> tuple[Told, ...]:
    """What the owners of facts say otherwise than the item has it; a field without a value contradicts nothing."""
    known = (told for told in item.told if told.fact == STATUS or told.fact in workflow.fields)
    return tuple(told for told in known if told.counts and _differs(told, item))


def disagreement(item: Item, workflow: Workflow) -> str:
    """The sentence that names the rule and both sides, "" where all agree."""
    parts = []
    for told in differing(item, workflow):
        if told.fact == STATUS:
            ours = "closed" if item.closed_at is not None else "open"
            parts.append(f"{told.system} owns {area_of(workflow, STATUS)} and says {told.value}, {item.key} is {ours}")
            continue
        field, area = workflow.fields[told.fact], area_of(workflow, told.fact)
        said, ours = show(field, told.value), show(field, item.fields[told.fact])
        parts.append(f"{told.system} owns {area} and says {told.fact} {said}, {item.key} says {ours}")
    return f"{DISAGREE}{'; '.join(parts)}." if parts else ""


def _differs(told: Told, item: Item) -> bool:
    if told.fact == STATUS:
        return _folded(told.value) in (_RUNS if item.closed_at is not None else _ENDED)
    return told.fact in item.fields and item.fields[told.fact] != told.value


def _folded(name: str) -> str:
    return " ".join(name.casefold().split())
