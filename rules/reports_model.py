"""Reports of a rulebook with its history: who hands to whom, whose yes is needed in which order, who owns what."""

from __future__ import annotations

import json
from collections import defaultdict

from rules.model import chain, decided_by, doers, passes
from rules.report_facts import Facts, GateCount
from rules.report_table import Cell, Report


def handoff_matrix(facts: Facts) -> Report:
    """Who hands to whom in which stage, what must be there, and how often did it happen?"""
    went: dict[tuple[str, str, str], list[str]] = defaultdict(list)
    back: dict[tuple[str, str, str], list[str]] = defaultdict(list)
    for move in facts.moves:
        told = json.loads(move.facts)
        left, to = str(told.get("left") or ""), str(told.get("stage") or "")
        if move.kind == "returned":
            back[move.workflow, to, left].append(move.item)
        else:
            went[move.workflow, left, to].append(move.item)
    rows: list[tuple[Cell, ...]] = []
    for flow in facts.book.workflows.values():
        if flow.built_in or not facts.public(flow.name):
            continue
        known = set()
        for each in passes(flow):
            where = (flow.name, each.left.name, each.to.name)
            known.add(where)
            rows.append(
                (*where, " or ".join(each.givers), " or ".join(each.takers), ", ".join(each.to.needs),
                 each.to.unmet or "", len(went[where]), len(back[where]), tuple(dict.fromkeys(back[where])))
            )  # fmt: skip
        for where in sorted(
            where for where in {*went, *back} - known if where[0] == flow.name and (went[where] or back[where])
        ):
            inside = "handed over inside it" if where[1] == where[2] else "not in the rulebook"
            keys = tuple(dict.fromkeys([*went[where], *back[where]]))
            rows.append((*where, inside, "", "", "", len(went[where]), len(back[where]), keys))
    return Report(
        name="handoff-matrix",
        asks="Who hands work to whom, in which stage, with what, and how often did it happen?",
        columns=(
            ("workflow", "words"), ("left", "words"), ("entered", "words"), ("from", "words"), ("to", "words"),
            ("needs", "words"), ("else", "words"), ("handed", "number"), ("sent_back", "number"), ("items", "keys"),
        ),
        rows=rows,
        empty="No workflow has a second stage.",
    )  # fmt: skip


def approval_chains(facts: Facts) -> Report:
    """Whose yes is needed in which order, why, and what did each ever stop?"""
    counts = {(gate.workflow, gate.code): gate for gate in facts.gates}
    rows: list[tuple[Cell, ...]] = []
    for flow in facts.book.workflows.values():
        if flow.built_in or not facts.public(flow.name):
            continue
        for link in chain(flow):
            who = "; ".join(f"{who}{f' when {when}' if when else ''}" for when, who in decided_by(link.approval))
            place = f"in {link.stage}" if link.stage else "before it moves"
            own = (flow.name, link.number, link.approval.code, place, who, link.approval.backup)
            rows.append(
                (
                    *own,
                    str(link.approval.respond_within),
                    link.approval.because,
                    *_did(counts, flow.name, link.approval.code),
                )
            )
        if (out := flow.outgoing) is not None:
            code = next((code for code, rule in flow.gates.items() if rule.gate == "outgoing"), "")
            place = f"an answer outside when {out.when.source}"
            why = flow.gates[code].means
            rows.append(
                (
                    flow.name,
                    None,
                    code,
                    place,
                    out.owner,
                    out.backup,
                    str(out.respond_within),
                    why,
                    *_did(counts, flow.name, code),
                )
            )
    return Report(
        name="approval-chains",
        asks="Whose yes does work need, in which order and why; and what became of these decisions?",
        columns=(
            ("workflow", "words"), ("number", "number"), ("code", "words"), ("where", "words"), ("owner", "words"),
            ("backup", "person"), ("within", "words"), ("because", "words"), ("decided", "number"),
            ("rejected", "number"), ("waited", "hours"),
        ),
        rows=rows,
        empty="No workflow needs a yes.",
    )  # fmt: skip


def _did(counts: dict[tuple[str, str], GateCount], workflow: str, code: str) -> tuple[Cell, ...]:
    """How often it was decided and rejected, and how long that was waited for, where that may be told."""
    gate = counts.get((workflow, code))
    if gate is None:
        return (0, 0, None)
    return (gate.approved + gate.rejected, gate.rejected, gate.waited.total_seconds() / 3600)


def ownership(facts: Facts) -> Report:
    """Who owns what: items, stages, exceptions, approvals, each with its backup and time?"""
    rows: list[tuple[Cell, ...]] = []
    for flow in facts.book.workflows.values():
        if flow.built_in or not facts.public(flow.name):
            continue
        if flow.leader:
            rows.append((flow.leader, flow.name, "leads it", "", "", ""))
        for stage in flow.stages:
            does = (flow.name, "does", stage.name, flow.backup, str(stage.within))
            rows += [(person, *does) for person in doers(flow, stage)]
        for rule in (*flow.exceptions.values(), *flow.gates.values()):
            what = "says yes to" if rule.gate else "decides"
            rows.append((rule.owner, flow.name, what, rule.code, rule.backup, str(rule.respond_within)))
            if rule.remediation:
                rows.append((rule.remediation, flow.name, "mends the cause of", rule.code, "", ""))
    rows.sort(key=lambda row: str(row[0]))
    return Report(
        name="ownership",
        asks="Who owns what, with which backup, and how fast must they answer?",
        columns=(
            ("person", "person"), ("workflow", "words"), ("does", "words"), ("what", "words"), ("backup", "person"),
            ("within", "words"),
        ),
        rows=rows,
        empty="The rulebook has no workflow.",
    )  # fmt: skip
