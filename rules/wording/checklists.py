"""How a checklist's run reads: how far it is, what comes next, who did which step and why."""

from __future__ import annotations

from rules.items import Item
from rules.messages import Line, Quote, Row, Section, Strong, When, Who
from rules.runs import Run, Step

#: A handoff names so many open steps.
TO_DO = 10


def named(number: int, step: Step) -> str:
    """`2 Card matches the order`: the number that is ticked, and what it is."""
    return f"{number} {step.text}"


def progress(item: Item) -> Line:
    """`checklist: 3 of 5 done · next: Card matches the order`; nothing where its stage has no checklist."""
    run = item.run
    if run is None:
        return ()
    left = item.open_steps()
    count = f"checklist: {len(run.steps) - len(left)} of {len(run.steps)} done"
    return (f"{count} · next: {left[0][1].text}",) if left else (count,)


def step_line(item: Item, number: int, step: Step) -> Line:
    """One step, what became of it, who said so, when, and why; a waived one with who decided that."""
    name = f"{named(number, step)}: "
    if step.state == "open" or step.at is None:
        return (name, "open, before the work starts" if step.kind == "prerequisite" else "open")
    how = {"passed": "done", "failed": "failed", "blocked": "blocked"}[step.state]
    why: Line = (", ", Quote(step.why)) if step.why else ()
    line: Line = (name, f"{how}, ", Who(step.by), " ", When(step.at), *why)
    trouble = item.trouble_of(step)
    if trouble is None:
        return line
    if trouble.state == "open":
        return (*line, f" · {trouble.code} waits for ", Who(trouble.owner))
    if item.settled(step) and trouble.decision is not None:
        return (*line, " · waived by ", Who(trouble.decision.by), f", {trouble.decision.reason_code}")
    return (*line, f" · {trouble.code} {trouble.state}")


def to_do(item: Item) -> tuple[Section, ...]:
    """For whoever has it now: the steps that are open here, with the numbers that tick them off."""
    rows = tuple(Row(line=(named(n, step),)) for n, step in item.open_steps())
    rest = f"and {len(rows) - TO_DO} more: /docket show {item.key}" if len(rows) > TO_DO else ""
    heading = f"To do here: tick {item.key} and the number"
    return (Section(heading=heading, rows=rows[:TO_DO], rest=rest),) if rows else ()


def runs_section(item: Item) -> tuple[Section, ...]:
    """Every run of an item with its steps, the newest first; nothing where it never had one."""
    rows: list[Row] = []
    for run in reversed(item.runs):
        rows.append(Row(line=_run_line(item, run)))
        rows += [Row(line=step_line(item, n, step)) for n, step in enumerate(run.steps, 1)]
    return (Section(heading="Checklists", rows=tuple(rows)),) if rows else ()


def _run_line(item: Item, run: Run) -> Line:
    settled = sum(item.settled(step) for step in run.steps)
    count = f" · {run.stage} · {settled} of {len(run.steps)} done · rulebook {run.rulebook[:4]} · since "
    over: Line = (", ended ", When(run.ended_at)) if run.ended_at else ()
    return (Strong(run.id), count, When(run.started_at), *over)
