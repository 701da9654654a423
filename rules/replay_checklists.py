"""How an entry changes the run of a checklist, and what is awaited from outside; replay.py has the rest of the fold."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from rules.altering import altered
from rules.entries import Entry
from rules.items import Item
from rules.replay_exceptions import Impossible
from rules.runs import Awaited, Run, Step
from rules.states import STEP_MOVES


def run_started(item: Item, entry: Entry) -> Item:
    """The item with a new run, whose steps are the rulebook's; the one before it has ended."""
    if any(run.id == entry.facts["run"] for run in item.runs):
        raise Impossible(f"{item.key} has a run {entry.facts['run']} already")
    run = Run(
        id=entry.facts["run"],
        stage=entry.facts["stage"],
        rulebook=entry.rulebook,
        started_at=entry.at,
        steps=tuple(Step(text=s["text"], kind=s["kind"], code=s["code"]) for s in entry.facts["steps"]),
    )
    ended = without_run(item, entry.at)
    return altered(ended, runs=(*ended.runs, run))


def without_run(item: Item, at: datetime) -> Item:
    """The item with its run, if it has one, ended at `at`: it stays in the record as it is."""
    if item.run is None:
        return item
    return altered(item, runs=(*item.runs[:-1], replace(item.runs[-1], ended_at=at)))


def left_behind(item: Item, at: datetime) -> Item:
    """The item without what belonged to its stage: that was left, or the item closed, at `at`."""
    return altered(without_run(item, at), awaited=None)


def ticked(item: Item, entry: Entry) -> Item:
    """A step of the run as it is now. Raises Impossible for a step or a move that there is not."""
    run, number, state = item.run, entry.facts["step"], entry.facts["state"]
    if run is None or run.id != entry.facts["run"] or not 0 < number <= len(run.steps):
        raise Impossible(f"{item.key} has no step {number} in a run {entry.facts['run']}")
    before = run.steps[number - 1]
    if (before.state, state) not in STEP_MOVES:
        raise Impossible(f"step {number} of {run.id} can't go from {before.state} to {state}")
    step = replace(before, state=state, by=entry.by, at=entry.at, why=entry.texts.get("why", ""))
    if state == "open":
        step = replace(before, state="open", by="", at=None, why="")
    steps = (*run.steps[: number - 1], step, *run.steps[number:])
    return replace(item, runs=(*item.runs[:-1], replace(run, steps=steps)), touched_at=entry.at)


def awaited(item: Item, entry: Entry) -> Item:
    """Somebody outside is to answer, from now on."""
    waits = Awaited(who=entry.facts["from"], since=entry.at, code=entry.facts["code"])
    return replace(item, awaited=waits)


def heard(item: Item, entry: Entry) -> Item:
    """Their answer came. Raises Impossible where none is awaited."""
    if item.awaited is None or item.awaited.heard_at is not None:
        raise Impossible(f"{item.key} awaits no answer")
    return replace(item, awaited=replace(item.awaited, heard_at=entry.at), touched_at=entry.at)
