"""A workflow on one page, for whoever manages it: the promise, who does what until when, what stops and proves it."""

from __future__ import annotations

from collections.abc import Iterable

from rules.book.rulebook import ExceptionRule, OwnerRow, Rulebook, Stage, Workflow
from rules.messages import Line, Message, Part, Quote, Reply, Row, Section, Strong, Who
from rules.model import chain, decided_by, doers, passes
from rules.replies import refused


def page(flow: Workflow, book: Rulebook) -> Message:
    """The page; its rows are short, and there is one for each thing that can happen."""
    sections = (
        Section(heading="Comes in", rows=(*_intake(flow), *_asked(flow))),
        Section(heading="Who has it", rows=_owner(flow)),
        Section(heading="Stages", rows=tuple(row for n, s in enumerate(flow.stages, 1) for row in _stage(flow, n, s))),
        Section(heading="Handoffs", rows=_handoffs(flow)),
        Section(heading="Approvals", rows=_approvals(flow, book)),
        Section(heading="Exceptions", rows=tuple(_exception(rule) for rule in flow.exceptions.values())),
        Section(heading="Silence", rows=_silence(flow)),
        Section(heading="Proof", rows=_proof(flow)),
    )
    return Message(
        subject=f"model {flow.name}",
        headline=(Strong(flow.name), f" · {flow.key}-1, {flow.key}-2, ..."),
        lines=(("Promise: ", Quote(flow.promise)), *_weight(flow), _truth(flow)),
        sections=tuple(section for section in sections if section.rows),
        small=((f"Rulebook {book.version[:4]}.",),),
    )


def answered(name: str, book: Rulebook) -> Reply:
    """The page of the workflow of that name or key; the workflows that there are where it is none of them."""
    own = [flow for flow in book.workflows.values() if not flow.built_in and not flow.private]
    found = next((flow for flow in own if name in (flow.name, flow.key.lower())), None)
    if found is not None:
        return Reply(message=page(found, book))
    if name:
        return refused(
            "unknown_workflow",
            (f"There is no workflow `{name}` to show.",),
            (f"There are: {', '.join(flow.name for flow in own)}.",),
        )
    rows = tuple(Row(line=(Strong(f"/docket report model {flow.name}"), f"  {flow.promise}")) for flow in own)
    return Reply(
        message=Message(subject="model", headline=("Which workflow?",), sections=(Section(heading="", rows=rows),))
    )


def _row(*parts: Part) -> Row:
    return Row(line=tuple(part for part in parts if part))


def _listed(people: Iterable[str], between: str = " or ") -> Line:
    """Names; `manager` is the requester's, whoever that is."""
    parts: list[Part] = []
    for person in people:
        parts += [between if parts else "", "the requester's manager" if person == "manager" else Who(person)]
    return tuple(part for part in parts if part)


def _weight(flow: Workflow) -> tuple[Line, ...]:
    """Who answers for it, whom it touches, what delay costs; and whether it is private."""
    parts: list[Part] = [*(["Led by ", Who(flow.leader)] if flow.leader else ["Nobody is named as its leader"])]
    if flow.criticality:
        parts.append(f" · matters for {', '.join(word.replace('_', ' ') for word in flow.criticality)}")
    if flow.cost_of_delay:
        amount, currency, unit = flow.cost_of_delay
        parts.append(f" · delay costs {amount} {currency} per {unit}")
    private: tuple[Line, ...] = (("Private: requester, owner and backup alone see it.",),) if flow.private else ()
    return ((*parts, "."), *private)


def _truth(flow: Workflow) -> Line:
    return ("The word that counts: ", ", ".join(f"{what} in {where}" for what, where in flow.source_of_truth.items()))


def _intake(flow: Workflow) -> tuple[Row, ...]:
    intake = flow.intake
    ways = [f"#{each.channel}" + (f" when {each.when.source}" if each.when else "") for each in intake.slack]
    ways += [f":{intake.reaction}: on any message"] if intake.reaction else []
    ways += [f"mail to {name}" for name in intake.email]
    ways += [f"/docket new {flow.name}"] if intake.command else []
    ways += ["a signed webhook"] if intake.webhook else []
    return (_row(" · ".join(ways)),) if ways else ()


def _asked(flow: Workflow) -> tuple[Row, ...]:
    required = [f.name for f in flow.fields.values() if f.required]
    known = [f.name for f in flow.fields.values() if not f.required]
    asked = f"Asked for: {', '.join(required)}" if required else ""
    if (rule := flow.follow_up) is not None and asked:
        asked += f", every {rule.every}, {rule.at_most} times; then {rule.then}"
    return tuple(_row(line) for line in (asked, f"Also read: {', '.join(known)}" if known else "") if line)


def _owner(flow: Workflow) -> tuple[Row, ...]:
    rows = [_row(*_whose(row), *_when(row, len(flow.owner) > 1)) for row in flow.owner]
    return (*rows, _row("Backup: ", Who(flow.backup)))


def _whose(row: OwnerRow) -> Line:
    if row.manager_of:
        instead: Line = (", else ", Who(row.otherwise)) if row.otherwise else ()
        return ("the requester's manager", *instead)
    return (Who(row.is_ or ""),)


def _when(row: OwnerRow, several: bool) -> Line:
    if row.when is not None:
        return (f" when {row.when.source}",)
    return (" in all other cases",) if several else ()


def _stage(flow: Workflow, number: int, stage: Stage) -> list[Row]:
    rows = [
        _row(
            f"{number} ", Strong(stage.name), "  ", *_listed(doers(flow, stage)), f" · {stage.done_by} · {stage.within}"
        )
    ]
    checks = [f"{step.check}{f' (else {step.otherwise})' if step.otherwise else ''}" for step in stage.before]
    rows += [_row(f"   before it begins: {', '.join(checks)}")] if checks else []
    steps = [step.check for step in stage.checklist]
    rows += [_row(f"   to tick off: {', '.join(steps)}")] if steps else []
    if (waits := stage.expects) is not None:
        rows.append(_row(f"   an answer from {waits.from_} within {waits.within}, else {waits.otherwise}"))
    return rows


def _handoffs(flow: Workflow) -> tuple[Row, ...]:
    rows = []
    for each in passes(flow):
        needs = f" · needs {', '.join(each.to.needs)}" if each.to.needs else ""
        unmet = f", else {each.to.unmet}" if each.to.unmet else ""
        who: Line = (
            (*_listed(each.givers), " to ", *_listed(each.takers))
            if each.changes_hands
            else ("stays with the same person",)
        )
        rows.append(_row(f"{each.left.name} to {each.to.name}  ", *who, f"{needs}{unmet}"))
    if (limit := flow.handoffs) is not None:
        often = f"more than {limit.at_most} in all, or {limit.bounces} times back and forth"
        rows.append(_row(f"Too many ({often}) become {limit.then}"))
    if (then := flow.close.then) is not None:
        carried = f", with {', '.join(then.carry)}" if then.carry else ""
        rows.append(_row(f"When it is done, {then.open} begins{carried}"))
    return tuple(rows)


def _approvals(flow: Workflow, book: Rulebook) -> tuple[Row, ...]:
    rows = []
    for link in chain(flow):
        where = f"in {link.stage}" if link.stage else "before it moves"
        who: list[Part] = []
        for condition, person in decided_by(link.approval):
            who += ["; " if who else "", *_listed(person.split(" or ")), f" when {condition}" if condition else ""]
        within = link.approval.respond_within
        rows.append(
            _row(
                f"{link.number} ",
                Strong(link.approval.code),
                f"  {where} · ",
                *who,
                " · backup ",
                Who(link.approval.backup),
                f" · {within}",
            )
        )
        rows.append(_row("   because ", Quote(link.approval.because)))
    if (out := flow.outgoing) is not None:
        rows.append(
            _row(
                f"Answers to the outside when {out.when.source}  ",
                Who(out.owner),
                " · backup ",
                Who(out.backup),
                f" · {out.respond_within}",
            )
        )
    return tuple(rows)


def _exception(rule: ExceptionRule) -> Row:
    fires = " · when it falls silent" if rule.stale else f" · when {rule.when.source}" if rule.when else ""
    mends: Line = (" · ", Who(rule.remediation), " mends its cause") if rule.remediation else ()
    return _row(
        Strong(rule.code), f"  {rule.means} ", Who(rule.owner), " decides, backup ", Who(rule.backup),
        f" · {rule.respond_within}{fires}", *mends,
    )  # fmt: skip


def _silence(flow: Workflow) -> tuple[Row, ...]:
    code = next((code for code, rule in flow.exceptions.items() if rule.stale), None)
    if code is None:
        return (
            _row("Nothing is raised when it falls silent; its deadlines are told to owner and backup, then go up."),
        )
    after = f"after {flow.stale_after}" if flow.stale_after else "after the time of its stage"
    return (_row(f"Without a word {after} it becomes {code}"),)


def _proof(flow: Workflow) -> tuple[Row, ...]:
    rows = [_row(f"It closes with: {', '.join(flow.close.evidence)}")]
    if flow.close.override:
        rows.append(_row(*_listed(flow.close.override), " may close it without, and somebody else reviews that"))
    if (glass := flow.break_glass) is not None:
        rows.append(
            _row(*_listed(glass.who), " may act first and be reviewed after, by ", Who(glass.review_by),
                 f" within {glass.review_within}; {glass.at_most} times in {glass.per}")
        )  # fmt: skip
    return tuple(rows)
