"""Checklists: a stage begins with a run of its steps; each is ticked by somebody, and none is passed over."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from rules.book.rulebook import Stage, Workflow
from rules.draft import DOCKET, Draft
from rules.events import Command
from rules.items import Trouble
from rules.messages import Line, Reply, Strong, When, Who
from rules.notices import CONVERSATION, Card
from rules.refusals import blocked, closed
from rules.replies import done, refused
from rules.runs import Run, Step, StepState
from rules.stops import open_trouble
from rules.timing import stale_code
from rules.wording.checklists import named, progress, step_line
from rules.wording.lines import reach

#: What a step can be ticked as, in the words that people type; without one of them it is `pass`.
STATES: Final[dict[str, StepState]] = {"pass": "passed", "fail": "failed", "blocked": "blocked", "undo": "open"}
#: The blank of a form in which a step that is done is taken back, behind the run's number.
TAKE_BACK = "undo"
#: So many open steps are named in a refusal.
NAMED = 10


@dataclass(frozen=True, slots=True)
class Tick:
    """What is said of a step: its number, what became of it, why; `blank` of the form where it was said."""

    number: int
    state: StepState
    why: str
    blank: str = ""


def begin(draft: Draft, stage: Stage) -> None:
    """Start a run of what `stage` asks for. One that stands is kept: a fresh clock is no fresh work."""
    if draft.item.run is not None or not (stage.before or stage.checklist):
        return
    code = failure_code(draft.workflow, stage)
    steps = [{"text": each.check, "kind": "prerequisite", "code": each.otherwise} for each in stage.before]
    steps += [{"text": each.check, "kind": "step", "code": each.otherwise or code} for each in stage.checklist]
    number = len(draft.item.runs) + 1
    draft.record("run_started", {"run": f"{draft.key}/C{number}", "stage": stage.name, "steps": steps}, by=DOCKET)


def failure_code(workflow: Workflow, stage: Stage) -> str:
    """The exception that a step of `stage` becomes when it fails: what its handoff, a silence, a bouncing one becomes.

    "" where the rulebook names none of these: then a person says which exception it is (docs/decisions/0011).
    """
    handoffs = workflow.handoffs.then if workflow.handoffs else ""
    return stage.unmet or stale_code(workflow) or handoffs


def unfinished(draft: Draft) -> Reply | None:
    """Which steps stand in the way of the next stage and of the end, and who can tick them."""
    left = draft.item.open_steps()
    run = draft.item.run
    if not left or run is None:
        return None
    count = "A step" if len(left) == 1 else f"{len(left)} steps"
    verb = "is" if len(left) == 1 else "are"
    more = f" and {len(left) - NAMED} more" if len(left) > NAMED else ""
    names = ", ".join(named(n, step) for n, step in left[:NAMED])
    return refused(
        "steps",
        (f"{count} of {run.stage} {verb} not done on {draft.key}: {names}{more}.",),
        (
            *reach(draft.book, _those_who_tick(draft), between=" or "),
            f" can tick {'it' if len(left) == 1 else 'them'} off: `/docket tick {draft.key} {left[0][0]}`.",
        ),
    )


def _those_who_tick(draft: Draft) -> tuple[str, ...]:
    """Owner, backup and, unless it is private, the leader (people.runs)."""
    leader = None if draft.workflow.private else draft.workflow.leader
    return tuple(dict.fromkeys(p for p in (draft.item.owner, draft.item.backup, leader) if p))


def keeps_in_stage(draft: Draft, trouble: Trouble) -> bool:
    """Whether an approved `unmet` exception does not move the item on: it waived a step, or steps are still open."""
    run = draft.item.run
    if run is None:
        return False
    own = (draft.item.trouble_of(step) for step in run.steps)
    return bool(draft.item.open_steps()) or any(t is not None and t.opened_at == trouble.opened_at for t in own)


def tick(draft: Draft, command: Command) -> Reply:
    """Tick one step, as typed, or several, as filled in: all of them, or none with what is wrong."""
    if problem := closed(draft):
        return problem
    run = draft.item.run
    if run is None:
        return refused("no_checklist", (f"{draft.key} has no checklist in {draft.item.stage}.",))
    said = _typed(draft, run, command) if not command.fields else _filled_in(run, command)
    if isinstance(said, Reply):
        return said
    trial = Draft(draft.world, draft.event, draft.workflow, draft.key, draft.item)
    for one in said:
        if problem := _tick(trial, one):
            return problem
    for one in said:
        _tick(draft, one)
    draft.tell(Card(item=draft.key, to=CONVERSATION))
    return done(*_led_to(draft, said), item=draft.key)


def _typed(draft: Draft, run: Run, command: Command) -> tuple[Tick, ...] | Reply:
    number = command.name or ""
    word, _, why = command.words.strip().partition(" ")
    if not number.isdecimal() or len(number) > 4 or word.lower() not in ("", *STATES):
        lines = tuple(step_line(draft.item, n, step) for n, step in enumerate(run.steps, 1))
        what = "Which step?" if not number.isdecimal() else "After the number comes pass, fail, blocked or undo."
        how = f"/docket tick {draft.key} 2"
        return refused("usage", (what,), ("Like this: ", Strong(how), " or ", Strong(f"{how} blocked why")), *lines)
    return (Tick(int(number), STATES[word.lower() or "pass"], why.strip()),)


def _filled_in(run: Run, command: Command) -> tuple[Tick, ...] | Reply:
    """What a form says of each step, in their order; its blanks are called by the run's number and the step's."""
    found = []
    for blank, chosen in command.fields.items():
        of_run, dot, which = blank.partition(".")
        if not dot or not chosen:
            continue
        if of_run != run.number:
            return refused("changed_meanwhile", (f"{run.id} has begun meanwhile. Nothing was ticked; look again.",))
        number, state = (chosen, "undo") if which == TAKE_BACK else (which, chosen)
        if number.isdecimal() and state in STATES:
            found.append(Tick(int(number), STATES[state], command.words.strip(), blank))
    if not found:
        return refused("nothing_ticked", ("Choose what became of a step.",), blank=next(iter(command.fields), ""))
    return tuple(sorted(found, key=lambda said: said.number))


def _tick(draft: Draft, said: Tick) -> Reply | None:
    """Record it, and open the exception that a failure becomes; or say why not."""
    run = draft.item.run
    assert run is not None, "only an item with a run has steps"
    if not 0 < said.number <= len(run.steps):
        steps = "1" if len(run.steps) == 1 else f"1 to {len(run.steps)}"
        return refused("unknown_step", (f"{run.id} has no step {said.number}; it has {steps}.",), blank=said.blank)
    step = run.steps[said.number - 1]
    if problem := _flaw(draft, run, step, said):
        return problem
    texts = {"why": said.why} if said.why else {}
    draft.record("ticked", {"run": run.id, "step": said.number, "state": said.state}, texts)
    if said.state in ("failed", "blocked"):
        how = "failed" if said.state == "failed" else "is blocked"
        open_trouble(draft, step.code, because=f"{named(said.number, step)} {how}: {said.why}", raised_by=draft.by)
    return None


def _flaw(draft: Draft, run: Run, step: Step, said: Tick) -> Reply | None:
    item = draft.item
    trouble = item.trouble_of(step)
    name = named(said.number, step)
    if trouble is not None and trouble.state == "open":
        whom: Line = (*reach(draft.book, (trouble.owner,)), f" decides {trouble.code} first")
        return refused("undecided", (f"{name} waits: ", *whom, ", until ", When(trouble.due_at), "."), blank=said.blank)
    if step.state == said.state and said.state in ("passed", "open"):
        how: Line = ("done already, by ", Who(step.by)) if step.state == "passed" else ("open already",)
        return refused("ticked", (f"{name} is ", *how, "."), blank=said.blank)
    if item.settled(step) and step.state != "passed":
        return refused("waived", (*step_line(item, said.number, step), "."), blank=said.blank)
    if said.state != "passed" and not said.why:
        return refused("why", ("Say why in a sentence; it stands in the record.",), blank="words")
    if said.state == "open":
        # Whoever decides just now goes by what is ticked.
        return blocked(draft)
    before = [(n, each) for n, each in item.open_steps() if each.kind == "prerequisite"]
    if step.kind == "step" and before:
        first = f"`/docket tick {draft.key} {before[0][0]}`"
        names = ", ".join(named(n, each) for n, each in before)
        return refused("prerequisite", (f"Before the work starts comes: {names}.",), (f"{first} passes it.",))
    return _no_exception(draft, run, step, said) if said.state != "passed" else None


def _no_exception(draft: Draft, run: Run, step: Step, said: Tick) -> Reply | None:
    """Why a failure can't become an exception of its own: there is no code for it, or that one waits for a decision."""
    if draft.rule(step.code) is None:
        codes = ", ".join(draft.workflow.exceptions)
        how = f"`/docket except {draft.key} CODE {said.why}` raises one of these: {codes}."
        return refused(
            "no_code", (f"The rulebook names no exception for a step of {run.stage} that fails.",), (how,),
            blank=said.blank,
        )  # fmt: skip
    if waiting := draft.item.open_trouble(step.code):
        whom = reach(draft.book, (waiting[0].owner,))
        return refused(
            "already_open",
            (f"{step.code} is open on {draft.key} already. ", *whom, " decides it first; then tick this one."),
            blank=said.blank,
        )
    return None


def _led_to(draft: Draft, said: tuple[Tick, ...]) -> list[Line]:
    """What came of it: where the run stands, and who decides on what failed."""
    run = draft.item.run
    assert run is not None
    lines: list[Line] = [step_line(draft.item, one.number, run.steps[one.number - 1]) for one in said]
    for one in said:
        trouble = draft.item.trouble_of(run.steps[one.number - 1])
        if trouble is not None:
            lines.append((Who(trouble.owner), f" decides on {draft.key}: {trouble.code}, until ", When(trouble.due_at)))
    return [*lines, progress(draft.item)]
