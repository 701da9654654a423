"""What cards and lists say of handoffs: who has not accepted yet, what was sent back and why, where it goes on."""

from __future__ import annotations

from collections.abc import Mapping

from rules.book.rulebook import Workflow
from rules.items import Handoff, Item
from rules.messages import Action, Line, Quote, Row, Section, Strong, When, Who
from rules.wording.lines import keys_line

_RELATIONS = {
    "then": "It goes on in ",
    "from": "It comes from ",
    "review": "Its review is ",
    "remediation": "Its cause is mended in ",
}


def passing_lines(item: Item, links: Mapping[str, str]) -> list[Line]:
    """On the item's card: a handoff that nobody has accepted, or why it came back; and the flows before and after.

    `links` are the addresses of other items by their keys.
    """
    lines: list[Line] = []
    if (waiting := item.unaccepted) is not None:
        lines.append(("Handed to ", Who(item.owner), " by ", Who(waiting.passed_from), ", not accepted yet."))
    elif item.closed_at is None and item.handoffs and item.handoffs[-1].back:
        lines.append(_sent_back(item.handoffs[-1]))
    for relation, words in _RELATIONS.items():
        if keys := [link.key for link in item.links if link.relation == relation]:
            lines.append((words, *keys_line(keys, links), "."))
    return lines


def receiving(item: Item) -> tuple[Action, ...]:
    """The two answers to a handoff that waits for one."""
    if item.unaccepted is None:
        return ()
    return (
        Action(verb="accept", label="Accept", item=item.key, style="primary"),
        Action(verb="back", label="Send back", item=item.key),
    )


def way_sections(item: Item, workflow: Workflow) -> tuple[Section, ...]:
    """Of an item that is shown whole: its stages with who or what does each, and each time that it changed hands."""
    stages = tuple(
        Row(line=(Strong(stage.name) if stage.name == item.stage else stage.name, f"  {stage.done_by}"))
        for stage in workflow.stages
    )
    way = Section(heading="Stages", rows=stages)
    if not item.handoffs:
        return (way,)
    rework = f", sent back {_times(len(item.returns))}" if item.returns else ""
    hands = sum(h.passed_from != h.to for h in item.handoffs)
    heading = f"Changed hands {_times(hands)}{rework}"
    return (way, Section(heading=heading, rows=tuple(Row(line=_passed(h)) for h in item.handoffs)))


def _passed(handoff: Handoff) -> Line:
    who: Line = (Who(handoff.passed_from), " to ", Who(handoff.to))
    where = f" · {handoff.left} to {handoff.stage}" if handoff.left != handoff.stage else f" · {handoff.stage}"
    if handoff.back:
        return (When(handoff.at), "  ", *who, where, " · sent back: ", Quote(handoff.cause))
    accepted: Line = (" · accepted ", When(handoff.accepted_at)) if handoff.accepted_at else (" · not accepted",)
    return (When(handoff.at), "  ", *who, where, *accepted)


def _sent_back(handoff: Handoff) -> Line:
    return (Who(handoff.passed_from), f" sent it back from {handoff.left}: ", Quote(handoff.cause))


def _times(count: int) -> str:
    return {1: "once", 2: "twice"}.get(count, f"{count} times")
