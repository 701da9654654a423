"""The form of a checklist: what is open has its own select, what is done can be taken back, one sentence says why."""

from __future__ import annotations

from typing import Final

from rules.checklists import TAKE_BACK
from rules.draft import Draft
from rules.events import Command
from rules.messages import Blank, Choice, Form, Line, Reply
from rules.replies import refused
from rules.runs import Run, Step
from rules.wording.checklists import named, progress, step_line
from rules.wording.lines import heading

#: A form holds forty blanks; the last two are for what is taken back, and for why.
AT_MOST: Final = 38


def checklist_form(draft: Draft, command: Command) -> Form | Reply:
    """The form that ticks several steps at once, for who may; or that there is nothing to tick."""
    item, run = draft.item, draft.item.run
    if run is None:
        return refused("no_checklist", (f"{item.key} has no checklist in {item.stage}.",))
    fixed = [(n, step) for n, step in enumerate(run.steps, 1) if item.settled(step)]
    left = [pair for pair in item.open_steps() if (t := item.trouble_of(pair[1])) is None or t.state != "open"]
    waits = [pair for pair in item.open_steps() if pair not in left]
    done = [(n, step) for n, step in fixed if step.state == "passed"]
    if not left and not done:
        lines = tuple(step_line(item, n, step) for n, step in (*fixed, *waits))
        return refused("nothing_to_tick", (f"Nothing of {run.id} is to be ticked just now.",), *lines)
    more: tuple[Line, ...] = ((f"{len(left) - AT_MOST} more can only be typed.",) if len(left) > AT_MOST else (),)
    take_back = Blank(
        name=f"{run.number}.{TAKE_BACK}",
        label="Take back",
        kind="choice",
        choices=tuple(Choice(value=str(n), label=named(n, step)) for n, step in done),
        required=False,
    )
    return Form(
        verb="tick",
        title=f"Checklist {item.key}"[:24],
        submit="Save",
        blanks=(
            *(_blank(run, n, step) for n, step in left[:AT_MOST]),
            *((take_back,) if done else ()),
            Blank(
                name="words", label="Why (for what failed, is blocked or is taken back)", kind="long", required=False,
                initial=command.words,
            ),
        ),
        item=item.key,
        lines=(
            heading(item, draft.workflow),
            progress(item),
            *(step_line(item, n, step) for n, step in (*fixed, *waits)),
            *(line for line in more if line),
        ),
        place=command.place,
        place_name=command.place_name,
    )  # fmt: skip


def _blank(run: Run, number: int, step: Step) -> Blank:
    """The select of a step. Its name holds the run's number: what is filled in for one run ticks no other."""
    words = {"pass": "Done", "fail": "Failed", "blocked": "Blocked"}
    if step.kind == "prerequisite":
        words = {"pass": "Passed", "fail": "Failed"}
    return Blank(
        name=f"{run.number}.{number}",
        label=named(number, step),
        kind="choice",
        hint="Before the work starts" if step.kind == "prerequisite" else "",
        choices=tuple(Choice(value=value, label=label) for value, label in words.items()),
        required=False,
    )
