"""The way through a workflow: stages, handoffs, questions, closing."""

from __future__ import annotations

from typing import get_args

from rules.book.field import Field
from rules.book.loading.known import child, keys
from rules.book.loading.owners import Names, not_twice, read_approvals
from rules.book.loading.shape import Part
from rules.book.loading.source import Node
from rules.book.rulebook import Close, CloseThen, DoneBy, EvidenceKind, Expects, FollowUp, Handoffs, Stage, StepRule

_DONE_BY: tuple[DoneBy, ...] = get_args(DoneBy)
_EVIDENCE: tuple[EvidenceKind, ...] = get_args(EvidenceKind)


def read_stages(workflow: Part, backup: str, names: Names) -> tuple[Stage, ...]:
    """The stages in their order, each name once."""
    if not workflow.nodes("stages"):
        workflow.missing("stages", "Name at least one, with its time: {name: handle, within: 1 business day}.")
    found: dict[str, Stage] = {}
    for part in workflow.parts("stages"):
        stage = _stage(part, backup, names)
        if stage.name in found:
            part.hole(f"two stages are called `{stage.name}`", "Give each its own name.", "name")
        found[stage.name] = stage
    return tuple(found.values())


def read_handoffs(workflow: Part, names: Names, stages: int) -> Handoffs | None:
    """How often an item may change hands; needed from two stages on."""
    part = workflow.part("handoffs")
    if part is None:
        if stages > 1:
            workflow.missing("handoffs", "Two stages hand over: {at_most: 6, bounces: 3, then: STALLED}.")
        return None
    part.allow("at_most", "bounces", "then")
    return Handoffs(at_most=part.number("at_most"), bounces=part.number("bounces"), then=_code(part, "then", names))


def read_follow_up(workflow: Part, fields: dict[str, Field], names: Names) -> FollowUp | None:
    """How often a missing field is asked for; needed where a field is required."""
    part = workflow.part("follow_up")
    if part is None:
        required = next((field.name for field in fields.values() if field.required), None)
        if required:
            meant = "Say how often to ask, and what then: {every: 4 business hours, at_most: 3, then: CODE}."
            workflow.loading.at(workflow.key, f"{workflow.name} needs `{required}` but has no `follow_up`", meant)
        return None
    part.allow("every", "at_most", "then")
    return FollowUp(every=part.time("every"), at_most=part.number("at_most"), then=_code(part, "then", names))


def read_close(workflow: Part, names: Names) -> Close:
    """What proves that it is done."""
    part = workflow.part("close")
    if part is None:
        workflow.missing("close", "Name the proof without which it can't close: {evidence: [note]}.")
        return Close(evidence=())
    part.allow("evidence", "then", "override")
    loading = part.loading
    evidence = [loading.choice(node, _EVIDENCE, "note", "evidence") for node in part.nodes("evidence")]
    if "evidence" not in part:
        part.missing("evidence", f"Name the proof: {', '.join(_EVIDENCE)}.")
    elif not evidence:
        part.hole(f"{workflow.name} closes without proof", f"Name the proof: {', '.join(_EVIDENCE)}.", "evidence")
    if workflow.flag("private") and "override" in part:
        meant = "Leave it out: what is private stays with its own people."
        part.hole(f"`override` of {workflow.name} would tell a reviewer of private work", meant, "override")
    return Close(
        evidence=tuple(dict.fromkeys(evidence)), then=_then(part, names), override=part.people("override", "override")
    )


def staying_codes(workflow: Part) -> frozenset[str]:
    """Codes whose rejection leaves the item in its stage unless they say otherwise: `unmet` and follow-up codes."""
    stages = workflow.value("stages")
    unmet = [child(stage, "unmet") for stage in (stages.items if stages is not None else None) or ()]
    return frozenset(node.text for node in (*unmet, child(workflow.value("follow_up"), "then")) if node is not None)


def _stage(part: Part, backup: str, names: Names) -> Stage:
    part.allow("name", "within", "owner", "done_by", "before", "needs", "unmet", "checklist", "expects", "approval")
    owner = part.person("owner", needed=False)
    not_twice(part, owner, backup, "owner")
    needs = part.names_in("needs", names.fields, "field", "fields")
    if needs and "unmet" not in part:
        part.missing("unmet", "Name the exception that a handoff without them becomes.")
    return Stage(
        name=part.text("name", needed=True, meant="Name the step, like triage."),
        within=part.time("within"),
        owner=owner or None,
        done_by=part.one_of("done_by", _DONE_BY, "human"),
        before=tuple(_prerequisite(inner, names) for inner in part.parts("before")),
        needs=needs,
        unmet=part.name_in("unmet", names.codes, "exception", "exceptions") or None,
        checklist=tuple(_step(part, node, names) for node in part.nodes("checklist")),
        expects=_expects(part, names),
        approvals=read_approvals(part, names),
    )


def _prerequisite(part: Part, names: Names) -> StepRule:
    part.allow("check", "else")
    return StepRule(
        check=part.text("check", needed=True, meant="Say what must be true."), otherwise=_code(part, "else", names)
    )


def _step(stage: Part, node: Node, names: Names) -> StepRule:
    """A step of the checklist: a text, or {check, else} where its failure has an exception of its own."""
    where = f"`checklist` of {stage.name}"
    if node.kind != "mapping":
        return StepRule(check=stage.loading.text_of(node, where))
    return _prerequisite(Part(stage.loading, node, where), names)


def _expects(stage: Part, names: Names) -> Expects | None:
    part = stage.part("expects")
    if part is None:
        return None
    part.allow("from", "within", "else")
    sender = part.text("from", needed=True, meant="Say whose answer is awaited.")
    return Expects(from_=sender, within=part.time("within"), otherwise=_code(part, "else", names))


def _then(close: Part, names: Names) -> CloseThen | None:
    part = close.part("then")
    if part is None:
        return None
    part.allow("open", "carry")
    workflows = part.loading.known.workflows
    opened = part.name_in("open", workflows, "workflow", "workflows", needed=True)
    carry = part.names_in("carry", names.fields, "field", "fields")
    if opened:
        there = keys(child(workflows[opened], "fields"))
        for node in part.nodes("carry"):
            if node.text in names.fields and node.text not in there:
                part.loading.at(node, f"`{opened}` has no field `{node.text}`", "Carry what both workflows know.")
    return CloseThen(open=opened, carry=carry)


def _code(part: Part, key: str, names: Names) -> str:
    return part.name_in(key, names.codes, "exception", "exceptions", needed=True)
