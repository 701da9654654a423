"""The model of a workflow as it stands in the rulebook: its handoffs, its approvals, all of it for programs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from rules.book.rulebook import Approval, ExceptionRule, OwnerRow, Rulebook, Stage, Workflow


@dataclass(frozen=True, slots=True, kw_only=True)
class Pass:
    """From one stage to the next: who gives it to whom, what must be there, and the exception that it becomes if not.

    `givers` and `takers` are the people that the rulebook's rows can name.
    """

    left: Stage
    to: Stage
    givers: tuple[str, ...]
    takers: tuple[str, ...]

    @property
    def changes_hands(self) -> bool:
        """Whether it goes to somebody else, at least for some items."""
        return self.givers != self.takers


@dataclass(frozen=True, slots=True, kw_only=True)
class Link:
    """One yes of a chain: the approval, the stage that it is asked in ("": before the first is left), its number."""

    number: int
    stage: str
    approval: Approval
    rule: ExceptionRule


def owners(rows: Sequence[OwnerRow]) -> tuple[str, ...]:
    """Everybody whom these rows can name; "manager" for the requester's, who differs from item to item."""
    named = (name for row in rows for name in (row.is_, "manager" if row.manager_of else None, row.otherwise) if name)
    return tuple(dict.fromkeys(named))


def doers(flow: Workflow, stage: Stage) -> tuple[str, ...]:
    """Who has an item in a stage: whom the stage names, else whoever had it before."""
    held = owners(flow.owner)
    for each in flow.stages:
        held = (each.owner,) if each.owner else held
        if each.name == stage.name:
            break
    return held


def passes(flow: Workflow) -> list[Pass]:
    """The handoffs that its stages make."""
    return [
        Pass(left=left, to=to, givers=doers(flow, left), takers=doers(flow, to))
        for left, to in zip(flow.stages, flow.stages[1:], strict=False)
    ]


def chain(flow: Workflow) -> list[Link]:
    """The approvals that an item needs, in the order in which they are asked for."""
    found = [("", approval) for approval in flow.approvals]
    found += [(stage.name, approval) for stage in flow.stages for approval in stage.approvals]
    return [
        Link(number=n, stage=stage, approval=approval, rule=flow.gates[approval.code])
        for n, (stage, approval) in enumerate(found, 1)
    ]


def decided_by(approval: Approval) -> list[tuple[str, str]]:
    """(condition, who) for each row of an approval; the last, without a condition, holds where no other does."""
    rows = (*approval.rows, approval.owner)
    return [(row.when.source if row.when else "", " or ".join(owners([row]))) for row in rows]


def model_json(flow: Workflow, book: Rulebook) -> dict[str, Any]:
    """All of it for programs; people are rulebook keys, times allowed are written as in the rulebook."""
    cost, close = flow.cost_of_delay, flow.close
    return {
        "workflow": flow.name,
        "key": flow.key,
        "promise": flow.promise,
        "private": flow.private,
        "leader": flow.leader,
        "criticality": list(flow.criticality),
        "cost_of_delay": f"{cost[0]} {cost[1]} per {cost[2]}" if cost else None,
        "source_of_truth": dict(flow.source_of_truth),
        "fields": [
            {"name": f.name, "type": f.type, "required": f.required, "ask": f.ask} for f in flow.fields.values()
        ],
        "owner": [{"when": row.when.source if row.when else None, "is": owners([row])[0]} for row in flow.owner],
        "backup": flow.backup,
        "stages": [_stage_json(flow, stage) for stage in flow.stages],
        "handoffs": [
            {"left": p.left.name, "stage": p.to.name, "from": list(p.givers), "to": list(p.takers),
             "needs": list(p.to.needs), "else": p.to.unmet}
            for p in passes(flow)
        ],
        "approvals": [
            {"code": link.approval.code, "stage": link.stage or None, "because": link.approval.because,
             "rows": [{"when": when or None, "owner": who} for when, who in decided_by(link.approval)],
             "backup": link.approval.backup, "respond_within": str(link.approval.respond_within)}
            for link in chain(flow)
        ],
        "exceptions": [_exception_json(rule) for rule in flow.exceptions.values()],
        "proof": {"evidence": list(close.evidence), "then": close.then.open if close.then else None,
                  "override": list(close.override)},
        "rulebook": {"version": book.version},
    }  # fmt: skip


def _stage_json(flow: Workflow, stage: Stage) -> dict[str, Any]:
    expects = stage.expects
    return {
        "stage": stage.name,
        "owner": list(doers(flow, stage)),
        "done_by": stage.done_by,
        "within": str(stage.within),
        "before": [step.check for step in stage.before],
        "checklist": [step.check for step in stage.checklist],
        "needs": list(stage.needs),
        "expects": {"from": expects.from_, "within": str(expects.within), "else": expects.otherwise}
        if expects
        else None,
    }


def _exception_json(rule: ExceptionRule) -> dict[str, Any]:
    return {
        "code": rule.code,
        "means": rule.means,
        "when": "stale" if rule.stale else rule.when.source if rule.when else None,
        "owner": rule.owner,
        "backup": rule.backup,
        "respond_within": str(rule.respond_within),
        "remediation": rule.remediation,
    }
