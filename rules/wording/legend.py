"""What a workflow does by itself and what it does only after a person's yes, code by code (M51, M53)."""

from __future__ import annotations

from rules.book.rulebook import ExceptionRule, Workflow
from rules.messages import Line, Row, Section, Strong, Who


def legend(workflow: Workflow) -> tuple[Section, ...]:
    """Two lists: what waits for a yes, whose, on what occasion; and what runs alone."""
    rules = (*workflow.exceptions.values(), *workflow.gates.values())
    return (
        Section(heading="Only after a person's yes", rows=tuple(Row(line=_needs(rule, workflow)) for rule in rules)),
        Section(heading="By itself", rows=tuple(Row(line=(each,)) for each in _alone(workflow))),
    )


def occasions(rule: ExceptionRule, workflow: Workflow) -> str:
    """When a code is raised, in words; anybody may raise an exception, too."""
    code, stages = rule.code, workflow.stages
    follow_up, handoffs = workflow.follow_up, workflow.handoffs
    prerequisites = {check.otherwise for stage in stages for check in stage.before}
    unmet = {stage.unmet for stage in stages}
    outside = [stage.expects.from_ for stage in stages if stage.expects and stage.expects.otherwise == code]
    found = [
        rule.when.source if rule.when else "",
        "always" if rule.gate == "approval" else "",
        workflow.outgoing.when.source if rule.gate == "outgoing" and workflow.outgoing else "",
        "silence" if rule.stale else "",
        f"no answer to {follow_up.at_most} questions" if follow_up and follow_up.then == code else "",
        "a prerequisite fails" if code in prerequisites else "",
        "a handoff comes without what it needs" if code in unmet else "",
        *(f"silence of {who}" for who in dict.fromkeys(outside)),
        "too many handoffs" if handoffs and handoffs.then == code else "",
        "another system says otherwise" if workflow.conflict == code else "",
    ]
    return "; ".join(each for each in found if each) or "somebody raises it"


def _needs(rule: ExceptionRule, workflow: Workflow) -> Line:
    no = "a no closes it" if rule.on_reject == "close" else "a no leaves it where it is"
    return (
        Strong(rule.code),
        f"  {occasions(rule, workflow)} · ",
        Who(rule.owner),
        ", else ",
        Who(rule.backup),
        f", within {rule.respond_within} · {no}",
    )


def _alone(workflow: Workflow) -> list[str]:
    asks = ", ".join(name for name, field in workflow.fields.items() if field.required)
    follow_up, then = workflow.follow_up, workflow.close.then
    again = f", again every {follow_up.every}, {follow_up.at_most} times at most" if follow_up else ""
    found = [
        f"asks for {asks}{again}" if asks else "",
        "reminds, and passes on what nobody decided in time",
        "takes an empty field's value from the system that owns it" if workflow.intake.webhook else "",
        f"opens {then.open} when it is closed" if then else "",
    ]
    return [each for each in found if each]
