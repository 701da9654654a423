"""The questions to the ledger, by name: what each asks, and its answer as rows; private work is in none of them."""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping
from typing import Final

from rapidfuzz import fuzz, process

from rules.gaps import gaps
from rules.report_facts import Facts, Move
from rules.report_table import COVERS, Cell, Kind, Report, record_of
from rules.reports_flow import first_time_fix, loops, throughput, time_in_stage
from rules.reports_model import approval_chains, handoff_matrix, ownership
from rules.reports_worth import change, cost_of_delay, exceptions_by_code, pilot
from rules.reviews import overdue
from rules.signals import signals as signals_in

__all__ = ["COVERS", "QUESTIONS", "Cell", "Kind", "Report", "nearest", "record_of"]


def closed_without_evidence(facts: Facts) -> Report:
    """Which items were closed as done without the proof that their workflow wants?"""
    rows = [(c.key, c.workflow, c.title, c.owner, c.closed_at) for c in facts.closed if facts.public(c.workflow)]
    return Report(
        name="closed-without-evidence",
        asks="Which items were closed as done without the proof that they need?",
        columns=(("key", "key"), ("workflow", "words"), ("title", "words"), ("owner", "person"), ("closed_at", "time")),
        rows=rows,
        empty="Everything that was closed has its proof.",
    )


def repeated_codes(facts: Facts) -> Report:
    """Which exceptions repeat most, and who owns the mending of their cause?"""
    rows = []
    for count in facts.codes:
        flow = facts.book.workflows.get(count.workflow)
        rule = flow.rule(count.code) if flow else None
        if not facts.public(count.workflow) or (flow is not None and flow.built_in) or (rule and rule.gate):
            continue
        limit = rule.repeats.above if rule and rule.repeats else None
        owner = rule.remediation if rule else None
        rows.append((count.workflow, count.code, count.raised, count.open, limit, owner, count.last))
    return Report(
        name="repeated-codes",
        asks="Which exceptions repeat most, and who owns the mending of their cause?",
        columns=(
            ("workflow", "words"), ("code", "words"), ("raised", "number"), ("open", "number"), ("limit", "number"),
            ("remediation", "person"), ("for_instance", "key"),
        ),
        rows=rows,
        empty="No exception was raised.",
    )  # fmt: skip


def stall_rate(facts: Facts) -> Report:
    """Which workflows fall silent most?"""
    shown = [s for s in facts.stalls if s.opened and _ordinary(facts, s.workflow)]
    shown.sort(key=lambda s: (-s.stalled / s.opened, s.workflow))
    rows = [(s.workflow, s.opened, s.stalled, s.stalled / s.opened) for s in shown]
    return Report(
        name="stall-rate",
        asks="Of which workflows do the most items fall silent for too long?",
        columns=(("workflow", "words"), ("opened", "number"), ("stalled", "number"), ("rate", "share")),
        rows=rows,
        empty="Nothing was opened.",
    )


def overdue_reviews(facts: Facts) -> Report:
    """Which owners are overdue on post-reviews?"""
    rows = [
        (owner, item.key, item.title, trouble.due_at, (facts.now - trouble.due_at).total_seconds() / 3600)
        for owner, pairs in overdue(facts.items, facts.now).items()
        for item, trouble in pairs
    ]
    return Report(
        name="overdue-reviews",
        asks="Which post-reviews are overdue, and whose are they?",
        columns=(("owner", "person"), ("key", "key"), ("review", "words"), ("due_at", "time"), ("late", "hours")),
        rows=rows,
        empty="No review is overdue.",
    )


def gates(facts: Facts) -> Report:
    """Which decisions never reject anything, and what do they cost?"""
    rows = []
    for gate in facts.gates:
        flow = facts.book.workflows.get(gate.workflow)
        if not _ordinary(facts, gate.workflow) or gate.approved + gate.rejected == 0:
            continue
        rule = flow.rule(gate.code) if flow else None
        what = (rule.gate if rule else "") or "exception"
        never = "never" if gate.rejected == 0 else ""
        decided, hours = gate.approved + gate.rejected, gate.waited.total_seconds() / 3600
        rows.append((gate.workflow, gate.code, what, decided, gate.rejected, gate.void, hours, never))
    rows.sort(key=lambda row: (row[4] > 0, -row[6], row[0], row[1]))
    return Report(
        name="gates",
        asks="Which decisions never reject anything, and how many hours were they waited for?",
        columns=(
            ("workflow", "words"), ("code", "words"), ("what", "words"), ("decided", "number"), ("rejected", "number"),
            ("void", "number"), ("waited", "hours"), ("rejects", "words"),
        ),
        rows=rows,
        empty="Nothing was decided.",
    )  # fmt: skip


def rework(facts: Facts) -> Report:
    """What is sent back, from where to where, and why?"""
    found: dict[tuple[str, str, str], list[Move]] = defaultdict(list)
    for move in facts.moves:
        if move.kind == "returned" and _ordinary(facts, move.workflow):
            told = json.loads(move.facts)
            found[move.workflow, str(told.get("left") or ""), str(told.get("stage") or "")].append(move)
    rows = [
        (flow, left, stage, len(moves), _commonest(moves), moves[-1].item)
        for (flow, left, stage), moves in sorted(found.items(), key=lambda pair: (-len(pair[1]), pair[0]))
    ]
    return Report(
        name="rework",
        asks="What is sent back, from which stage to which, and why?",
        columns=(
            ("workflow", "words"), ("from", "words"), ("to", "words"), ("times", "number"), ("cause", "words"),
            ("for_instance", "key"),
        ),
        rows=rows,
        empty="Nothing was sent back.",
    )  # fmt: skip


def handoffs(facts: Facts) -> Report:
    """Which items change hands most?"""
    moved = [m for m in facts.moves if _ordinary(facts, m.workflow)]
    counts, back = Counter(m.item for m in moved), Counter(m.item for m in moved if m.kind == "returned")
    flows = {m.item: m.workflow for m in moved}
    rows = []
    for key, count in sorted(counts.items(), key=lambda pair: (-pair[1], pair[0])):
        flow = facts.book.workflows.get(flows[key])
        limit = flow.handoffs.at_most if flow and flow.handoffs else None
        rows.append((key, flows[key], count, back[key], limit))
    return Report(
        name="handoffs",
        asks="Which items change hands most, and what does their rulebook allow?",
        columns=(
            ("key", "key"), ("workflow", "words"), ("handoffs", "number"), ("sent_back", "number"), ("limit", "number"),
        ),
        rows=rows,
        empty="Nothing changed hands.",
    )  # fmt: skip


def remediation(facts: Facts) -> Report:
    """What is being mended, by whom, until when, with which proof?"""
    rows = []
    for item in sorted(facts.items, key=lambda item: (item.closed_at is not None, item.due_at or item.opened_at)):
        cause = item.links[0].key if item.links else ""
        state = item.state if item.closed_at is None else f"closed ({item.outcome})"
        proof = ", ".join(proof.id for proof in item.evidence)
        rows.append(
            (item.key, item.title, item.owner, state, item.opened_at, item.due_at, item.closed_at, proof, cause)
        )
    return Report(
        name="remediation",
        asks="What is being mended at its cause, by whom, until when, and with which proof?",
        columns=(
            ("key", "key"), ("what", "words"), ("owner", "person"), ("state", "words"), ("opened_at", "time"),
            ("due_at", "time"), ("closed_at", "time"), ("proof", "words"), ("because_of", "key"),
        ),
        rows=rows,
        empty="Nothing is being mended.",
    )  # fmt: skip


def signals(facts: Facts) -> Report:
    """What happens too often to be chance, or again and again?"""
    found = signals_in(facts.traces, facts.book) if facts.traces is not None else []
    return Report(
        name="signals",
        asks="What happens too often to be chance, or again and again, in the last week?",
        columns=(("workflow", "words"), ("signal", "words"), ("says", "words"), ("items", "words")),
        rows=[(each.workflow, each.kind, each.says, ", ".join(each.items)) for each in found],
        empty="Nothing stands out.",
    )


QUESTIONS: Final[Mapping[str, Callable[[Facts], Report]]] = {
    "closed-without-evidence": closed_without_evidence,
    "repeated-codes": repeated_codes,
    "stall-rate": stall_rate,
    "overdue-reviews": overdue_reviews,
    "gates": gates,
    "rework": rework,
    "handoffs": handoffs,
    "remediation": remediation,
    "signals": signals,
    "time-in-stage": time_in_stage,
    "throughput": throughput,
    "first-time-fix": first_time_fix,
    "loops": loops,
    "exceptions-by-code": exceptions_by_code,
    "cost-of-delay": cost_of_delay,
    "pilot": pilot,
    "change": change,
    "handoff-matrix": handoff_matrix,
    "approval-chains": approval_chains,
    "ownership": ownership,
    "gaps": gaps,
}


def nearest(name: str) -> str:
    """The report that a name probably means; "" where it is like none."""
    best = process.extractOne(name.lower()[:40], list(QUESTIONS), scorer=fuzz.ratio, score_cutoff=55)
    return str(best[0]) if best else ""


def _ordinary(facts: Facts, workflow: str) -> bool:
    """People's own work: no private one, none of the bot's own workflows."""
    flow = facts.book.workflows.get(workflow)
    return facts.public(workflow) and not (flow is not None and flow.built_in)


def _commonest(moves: Iterable[Move]) -> str:
    causes = Counter(json.loads(move.cause) for move in moves if move.cause)
    return causes.most_common(1)[0][0] if causes else ""
